"""Files of a sensor -> one JSON line a message on `out`: the conformance door."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import TYPE_CHECKING, TextIO, cast

import vigia.sensors

if TYPE_CHECKING:
    from pathlib import Path

    from vigia.sensors.door import DecodeLines

FILE_MAX = 1 << 30  # bytes; the whole file is held
_NOT_SENSORS = frozenset({"door"})


def sensor_names() -> list[str]:
    """Every sensor that ships with vigia, found by its module."""
    found = pkgutil.iter_modules(vigia.sensors.__path__)
    return sorted(m.name for m in found if m.name not in _NOT_SENSORS)


def decode(sensor: str, files: list[Path], out: TextIO) -> int:
    """Exit code: 0 all read, 1 a file is missing or damaged, 2 no such sensor.

    Refused messages are lines, not failures.
    """
    names = sensor_names()
    if sensor not in names:
        _complain(f"sensor: got {sensor!r}, need one of {', '.join(names)}")
        return 2
    # Checked for every module in sensors/ by tests/test_sensors_contract.py.
    decode_lines = cast(
        "DecodeLines", importlib.import_module(f"vigia.sensors.{sensor}").decode_lines
    )
    worst = 0
    for path in files:
        try:
            size = path.stat().st_size
            if size > FILE_MAX:
                _complain(f"{path}: got {size} bytes, need at most {FILE_MAX}; split the file")
                worst = 1
                continue
            data = path.read_bytes()
        except OSError as error:
            _complain(f"{path}: {error.strerror or error}; check the path and its permissions")
            worst = 1
            continue
        for line in decode_lines(data, path.name):
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
            if line.get("damaged"):
                _complain(f"{path}: {line['why']}")
                worst = 1
    return worst


def _complain(text: str) -> None:
    print(text, file=sys.stderr)
