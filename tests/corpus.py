"""Where the data made by others is: conformance tests read it, the project never holds it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def corpus(path: str) -> Path:
    """$VIGIA_CORPUS/path, else ../shared/data/path beside the repository; skips if absent."""
    root = os.environ.get("VIGIA_CORPUS")
    base = Path(root) if root else Path(__file__).resolve().parents[2] / "shared" / "data"
    found = base / path
    if not found.exists():
        pytest.skip(f"test data made by others is not here: {path} (set VIGIA_CORPUS)")
    return found
