"""Lines of the invented ACME radar -> Observation, SensorHeard, Fault."""

from __future__ import annotations

from vigia.events import Fault, Observation, SensorHeard
from vigia.scan import Layout, pack
from vigia.wire.pieces import Overlong, Pieces

KIND = "radar"
LINE_MAX = 200
Out = Observation | SensorHeard | Fault | bytes  # bytes would go back to the sensor


class Adapter:
    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._pieces = Pieces(LINE_MAX, values=False)

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return [self._line(line, t_recv_ns) for line in self._pieces.feed(data)]

    def finish(self, t_recv_ns: int) -> list[Out]:
        rest = self._pieces.finish()
        return [self._line(rest, t_recv_ns)] if rest else []

    def _line(self, line: bytes | Overlong, t_recv_ns: int) -> Out:
        if isinstance(line, Overlong):
            line = line.raw
        parts = line.decode("ascii", "replace").split(",")
        if parts == ["ACME", "ALIVE"]:
            return SensorHeard(sensor_id=self.sensor_id, t_obs_ns=t_recv_ns)
        try:
            if parts[0] != "ACME" or len(parts) != 5:
                raise ValueError("not ACME,<ms>,<azimuth>,<range>,<SNR>")
            t_ms, azimuth, range_m, snr = int(parts[1]), *(float(p) for p in parts[2:])
            scan = pack(
                Layout.POLAR_1,
                {
                    "t_obs_ns": t_ms * 1_000_000 + self._t_shift_ns,
                    "azimuth_deg_true": azimuth % 360.0,
                    "azimuth_sigma_deg": 1.0,
                    "range_m": range_m,
                    "range_sigma_m": 5.0,
                    "snr_db": snr,
                },
            )
        except (ValueError, OverflowError) as e:
            what = f"line: {e}"[:200]
            return Fault(where=f"sensor/{self.sensor_id}", whose="peer", what=what, raw=line[:64])
        return Observation(sensor_id=self.sensor_id, scan=scan)
