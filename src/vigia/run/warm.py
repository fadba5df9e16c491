"""Compiled kernels on disk -> in use, before the watch says it is ready.

Compiling takes minutes and is done once per version of the code and of Numba; the result lies in
the user's cache folder, in a folder named after both, so code of one version never meets kernels of
another. The folder's name is that of the tracker's code; the threat stage compiles in seconds and
keeps its kernel there under a fingerprint of its own (threat/kernels.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_MAX = 4  # versions whose compiled code is kept, besides those of the last week
KEPT_S = 7 * 86_400.0
SLOW_S = 1.5  # a kernel that takes longer is being compiled, not loaded
# whose constants kernels hold, and what they are marked with
BESIDE = ("scan.py", "geo.py", "terms.py", "tracktable.py", "jit.py")
VARIABLE = "NUMBA_CACHE_DIR"
# modules of the tracker that no kernel is made of
PLAIN = frozenset(
    f"{name}.py"
    for name in (
        "__init__",
        "tracker",
        "book",
        "people",
        "amend",
        "reports",
        "picture",
        "frame",
        "kernels",
    )
)


def keep_compiled() -> Path:
    """Says where compiled code is kept; before anything imports Numba. -> the folder."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    root = _root()
    folder = root / _digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # in use
        _clean(root, keep=folder)
    except OSError:
        return folder  # compiled each time: slow to start, and it works
    os.environ[VARIABLE] = str(folder)
    if "numba" in sys.modules:  # somebody was faster: it has read the environment already
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return folder


def warm() -> float:
    """Loads or compiles every kernel; a line for each that is compiled. -> seconds taken."""
    keep_compiled()
    from vigia.threat import kernels as threat
    from vigia.track import kernels as track

    start = time.monotonic()
    _say_slow("the tracker", track.compile_all(), len(track.Kernels._fields), "entry.{}-*.nbi")
    _say_slow("the threat stage", threat.compile_all(), len(threat.Kernels._fields),
              "kernels.*{}-*.nbi")  # fmt: skip
    return time.monotonic() - start


def _say_slow(what: str, names: Iterator[str], total: int, files: str) -> None:
    """Compiles; tells at once what was never compiled, and later whatever took long."""
    last, before = time.monotonic(), ""
    for done, name in enumerate(names):
        now = time.monotonic()
        if before and now - last > SLOW_S:
            print(f"  {before}: {now - last:.0f} s", file=sys.stderr, flush=True)
        if not any(keep_compiled().rglob(files.format(name))):
            print(f"compiling {what}, once: {done + 1}/{total} {name}", file=sys.stderr)
        before, last = name, now
    if before and time.monotonic() - last > SLOW_S:
        print(f"  {before}: {time.monotonic() - last:.0f} s", file=sys.stderr, flush=True)


def _root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "vigia" / "kernels"


def _digest() -> str:
    """Of the code that kernels are made of, and of what compiles it."""
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    sources = [p for p in sorted((package / "track").glob("*.py")) if p.name not in PLAIN]
    for path in [*sources, *(package / name for name in BESIDE)]:
        digest.update(path.name.encode() + path.read_bytes())
    for name in ("numba", "numpy", "llvmlite"):
        digest.update(f"{name} {version(name)}".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:16]


def _clean(root: Path, *, keep: Path) -> None:
    """Forgets all but the youngest versions."""
    others = sorted(
        (p for p in root.iterdir() if p.is_dir() and p != keep),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    for old in others[KEPT_MAX - 1 :]:
        if time.time() - old.stat().st_mtime > KEPT_S:
            shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    print(f"kernels ready in {warm():.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
