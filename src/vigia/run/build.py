"""This build and machine -> the header a journal carries, so that a replay knows what to expect."""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec
import numpy as np

FORMAT = 1  # of the journal's tables
# What the core's decisions come from; adapters and shell run before the inputs are journaled.
CORE = (
    *("terms.py", "geo.py", "scan.py", "tracktable.py", "events.py", "roster.py", "flow.py"),
    *("threats.py", "alert_terms.py", "admission.py", "desk.py", "joining.py"),
    *("event_base.py", "events_access.py", "events_desk.py", "events_nodes.py"),
    *("events_flight.py", "events_reach.py", "events_words.py", "flow_state.py", "jit.py"),
    *("track", "threat", "alert", "delivery"),
)


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """numba: None says "not used"."""

    format: int
    vigia: str
    core: str  # hash of the core's source files
    python: str
    numpy: str
    numba: str | None
    machine: str
    processor: str

    def differs_from(self, other: Build) -> list[str]:
        """Names of what may change a float or a decision."""
        names = ("vigia", "core", "numpy", "numba", "machine", "processor")
        return [n for n in names if getattr(self, n) != getattr(other, n)]


@cache
def this_build() -> Build:
    return Build(
        format=FORMAT,
        vigia=_version("vigia") or "0",
        core=core_hash(Path(__file__).parents[1]),
        python=platform.python_version(),
        numpy=np.__version__,
        numba=_version("numba") if "numba" in sys.modules else None,
        machine=platform.machine(),
        processor=_processor(),
    )


def core_hash(package: Path) -> str:
    """16 hex digits over names and texts of the core's source files, in order."""
    digest = hashlib.sha256()
    for name in CORE:
        path = package / name
        files = sorted(path.glob("*.py")) if path.is_dir() else [path]
        for file in files:
            if file.exists():
                digest.update(str(file.relative_to(package)).encode() + b"\0")
                digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The model's name; "unknown" where the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # no /proc: the portable answer below
    return platform.processor() or "unknown"
