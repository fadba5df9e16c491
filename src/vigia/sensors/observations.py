"""Lines of JSON in vigia's own observation form -> Observation, SensorHeard, Fault.

For any sensor whose maker can write a line: over every transport, and over
HTTP (run/http_observe.py). docs/sensors/observations.md tells the form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from vigia.events import Fault, Observation, SensorHeard
from vigia.wire import observations as wire
from vigia.wire.advert import Refused
from vigia.wire.pieces import Overlong, Pieces
from vigia.wire.tally import FaultTally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

Out: TypeAlias = Observation | SensorHeard | Fault
LINE_MAX = 1_000_000


class Adapter:
    """A line is one message; feed_message takes one, or several lines."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._pieces = Pieces(LINE_MAX, values=False)
        self._faults = FaultTally(f"sensor/{sensor_id}")

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return [out for piece in self._pieces.feed(data) for out in self._line(piece, t_recv_ns)]

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return [
            out for line in data.splitlines() if line.strip() for out in self._line(line, t_recv_ns)
        ]

    def finish(self, t_recv_ns: int) -> list[Out]:
        rest = self._pieces.finish()
        return [*(self._line(rest, t_recv_ns) if rest else []), *self._faults.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return [*self._faults.due(t_ns)]

    def _line(self, line: bytes | Overlong, t_recv_ns: int) -> list[Out]:
        if isinstance(line, Overlong):
            told: wire.Told | Refused = Refused(
                code="overlong", what=f"a line is longer than {LINE_MAX} bytes"
            )
        else:
            told = wire.read_json(line, self._t_shift_ns)
        if isinstance(told, wire.Told) and told.sensor_id != self.sensor_id:
            what = f"sensor_id: got {told.sensor_id!r}; this source is {self.sensor_id!r}"
            told = Refused(code="sensor_id", what=what)
        if isinstance(told, Refused):
            return [*self._faults.add(told, t_ns=t_recv_ns)]
        return inputs(told, t_recv_ns)


def inputs(told: wire.Told, t_recv_ns: int) -> list[Out]:
    if not told.scans:
        return [SensorHeard(sensor_id=told.sensor_id, t_obs_ns=t_recv_ns)]
    return [Observation(sensor_id=told.sensor_id, scan=scan) for scan in told.scans]


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    for n, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        told = wire.read_json(line)
        if isinstance(told, Refused):
            yield {"file": file, "frame": n, "ok": False, "why": told.what}
        else:
            rows = {scan.layout.value: len(scan) for scan in told.scans}
            yield {"file": file, "frame": n, "ok": True, "sensor_id": told.sensor_id, "rows": rows}
