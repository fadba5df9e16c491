"""The build a journal names: what changes decisions changes it, and nothing else does."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import msgspec

import vigia
from vigia.run.build import CORE, core_hash, this_build

PACKAGE = Path(vigia.__file__).parent


def _core(tmp_path: Path) -> Path:
    copy = tmp_path / "vigia"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("static", "__pycache__"))
    return copy


def test_the_hash_covers_all_that_the_flow_imports() -> None:
    names: set[str] = set()
    for path in (f for name in CORE for f in _files(PACKAGE / name)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vigia."):
                names.add((node.module or "").split(".")[1])
    assert names <= {name.removesuffix(".py") for name in CORE}
    assert all((PACKAGE / name).exists() for name in CORE)


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


def test_a_changed_core_file_changes_it_and_a_changed_shell_does_not(tmp_path: Path) -> None:
    copy = _core(tmp_path)
    before = core_hash(copy)
    assert before == core_hash(PACKAGE)
    (copy / "run" / "clock.py").write_text("# another shell\n")
    assert core_hash(copy) == before
    tracker = copy / "track" / "tracker.py"
    tracker.write_text(tracker.read_text() + "\n# another core\n")
    assert core_hash(copy) != before


def test_python_alone_makes_no_other_build() -> None:
    here = this_build()
    assert here.differs_from(here) == []
    assert here.differs_from(msgspec.structs.replace(here, python="3.99")) == []
    assert here.differs_from(msgspec.structs.replace(here, numba="1.0")) == ["numba"]
