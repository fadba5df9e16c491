"""The door every sensor has: bytes, cut anywhere -> input events; not a sensor itself.

A sensor is one module here, found by its name, with a class `Adapter` that is a SensorAdapter
and a function `decode_lines` for `vigia decode`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from vigia.events import Input
from vigia.wire.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator


Output: TypeAlias = Input | bytes  # bytes go back to the sensor
Line: TypeAlias = dict[str, object]
__all__ = ["DecodeLines", "Facts", "Line", "Output", "SensorAdapter"]


class SensorAdapter(Protocol):
    """Where the bytes are cut changes nothing; damaged bytes give a Fault, never an exception."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        """t_shift_ns: added to the sensor's own times, to play a recording as if it were now."""
        ...

    def feed(self, data: bytes, t_recv_ns: int) -> list[Output]: ...

    def finish(self, t_recv_ns: int) -> list[Output]:
        """The stream ended; what is still held, and a Fault if it ended inside a message."""
        ...


class DecodeLines(Protocol):
    """A whole file -> one JSON object a message, for comparing decoders line by line.

    Each has file, frame (from 1) and ok; refused ones say why. A line with damaged: true is the
    last of its file and tells where reading ended.
    """

    def __call__(self, data: bytes, file: str) -> Iterator[Line]: ...
