"""An AntSDR's DJI DroneID output, frames or dji_O lines -> Observation, OperatorSeen, Fault.

The receiver has decoded the broadcast by itself. Drones whose broadcast is encrypted are told as
"one is near"; nothing is decrypted, here or anywhere. docs/sensors/dji_antsdr.md tells the rest.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from vigia.terms import Position
from vigia.wire import dji
from vigia.wire.advert import Refused
from vigia.wire.claims import P_DRONE, Claim, Claims, Near, Out, named, number, within
from vigia.wire.places import IDENTITY_BYTES, Place, believable
from vigia.wire.receiver import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
UNDATED = True
LINE_MAX = 2_000
FRAME_HEAD = 5  # two bytes that are always the same, kind u8, length u16 of the whole frame
DRONE = 1  # kind of a frame that says where a drone is
FRAME_MIN, FRAME_MAX = FRAME_HEAD + 227, FRAME_HEAD + 255
START = b"dji_O,"
_ENDS = (b"\n", b";")
# serial, model, type, operator lat lon, lat lon, two heights, home lat lon, MHz, east north up, dBm
_FRAME = struct.Struct("<64s64sB12dh")


class Adapter:
    """feed: its TCP stream, in either form; feed_message: whole lines or frames."""

    NEEDS_AUTHORITY = True

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self._claims = Claims(sensor_id, t_shift_ns)
        self._cut = Cut()

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return [b for piece in self._cut.feed(data) for b in self._piece(piece, t_recv_ns)]

    def finish(self, t_recv_ns: int) -> list[Out]:
        rest = self._cut.finish()
        return [*(self._piece(rest, t_recv_ns) if rest else []), *self._claims.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return self._claims.due(t_ns)

    def _piece(self, piece: bytes | Refused, t_recv_ns: int) -> list[Out]:
        found = read(piece, t_recv_ns)
        if found is None:
            return self._claims.heard(t_recv_ns)
        raw = b"" if isinstance(piece, Refused) else piece
        return self._claims.take([found], t_recv_ns, raw)


class Cut:
    """Bytes cut anywhere -> lines and frames. A frame is known by its kind and a length that can
    be; after bytes that are neither, up to the next line or frame, told once."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> list[bytes | Refused]:
        self._held += data
        out: list[bytes | Refused] = []
        while self._step(out):
            pass
        return out

    def finish(self) -> bytes | Refused | None:
        rest = bytes(self._held).strip()
        self._held.clear()
        if not rest or self._lost:
            return None
        if rest.startswith(START):
            return rest
        return Refused(code="cut", what=f"the stream ended inside a frame ({len(rest)} bytes)")

    def _step(self, out: list[bytes | Refused]) -> bool:
        held = self._held
        while held[:1] and held[0] in b"\r\n; ":
            del held[:1]
        if not held:
            return False
        if START.startswith(held[: len(START)]) or held.startswith(START):
            return self._line(out)
        if len(held) < FRAME_HEAD:
            return False
        size = int.from_bytes(held[3:5], "little")
        if held[2] == DRONE and FRAME_MIN <= size <= FRAME_MAX:
            if len(held) < size:
                return False
            out.append(bytes(held[:size]))
            del held[:size]
            self._lost = False
            return True
        if not self._lost:
            self._lost = True
            out.append(Refused(code="garbage", what="bytes that begin no line and no frame"))
        del held[:1]
        return True

    def _line(self, out: list[bytes | Refused]) -> bool:
        held = self._held
        ends = [at for end in _ENDS if (at := held.find(end, 0, LINE_MAX)) >= 0]
        if not ends and len(held) < LINE_MAX:
            return False
        end = min(ends, default=LINE_MAX)
        line = bytes(held[:end])
        del held[:end]
        self._lost = False
        long = Refused(code="overlong", what=f"a line is longer than {LINE_MAX} bytes")
        out.append(line if ends else long)
        return True


def read(piece: bytes | Refused, t_recv_ns: int) -> Claim | Refused | None:
    """None: nothing of a drone."""
    if isinstance(piece, Refused):
        return piece
    return _line(piece, t_recv_ns) if piece.startswith(START) else _frame(piece, t_recv_ns)


def _frame(piece: bytes, t_ns: int) -> Claim | Refused:
    serial, _, _, *numbers, rssi = _FRAME.unpack_from(piece, FRAME_HEAD)
    op_lat, op_lon, lat, lon, _, _, _, _, _, east, north, up = numbers
    return _claim(dji.text_of(serial), (lat, lon), (op_lat, op_lon), (east, north, up), rssi, t_ns)


def _line(piece: bytes, t_ns: int) -> Claim | Refused:
    """dji_O,protocol,MHz,dBm,model(type),serial,lon,lat,operator lon,lat,home lon,lat,heights,
    east|north|up in cm/s. Of protocol 4 (encrypted) the bracket holds a number of the session."""
    parts = piece.decode("utf-8", "replace").strip(" ;,\r").split(",")
    if len(parts) < 14:
        return Refused(code="line", what=f"dji_O line: got {len(parts)} fields; need 14")
    rssi = number(parts[3])
    if parts[1] == "4":
        session = parts[4].partition("(")[2].rstrip(")")[:32]
        return Claim(f"dji {session}", None, None, Near(t_ns, within(rssi, -200.0, -1.0)))
    lon, lat, op_lon, op_lat = (number(part) for part in parts[6:10])
    motion = [number(v) / 100.0 for v in [*parts[13].split("|"), "", ""][:3]]
    return _claim(
        parts[5].strip()[:64], (lat, lon), (op_lat, op_lon), (motion[0], motion[1], motion[2]),
        rssi, t_ns,
    )  # fmt: skip


def _claim(
    serial: str,
    where: tuple[float, float],
    operator: tuple[float, float],
    motion: tuple[float, float, float],
    rssi: float,
    t_ns: int,
) -> Claim | Refused:
    """Without a position that can be it is near, no more."""
    identity, kind = named(serial if len(serial) >= 5 else "", "", "")
    name = identity.decode("ascii", "replace")
    rssi_dbm = within(float(rssi), -200.0, -1.0)
    known = None
    if all(map(math.isfinite, operator)) and believable(*operator):
        known = Position(*operator, None)
    if not all(map(math.isfinite, where)) or not believable(*where):
        return Claim(name or "dji", None, known, Near(t_ns, rssi_dbm))
    east, north, up = motion
    speed, course = dji.speed_of(east, north)
    place = Place(
        t_obs_ns=t_ns,
        lat_deg=where[0],
        lon_deg=where[1],
        speed_mps=math.nan if speed is None else speed,
        course_deg_true=math.nan if course is None else course,
        climb_mps=within(up, -62.0, 62.0),
        rssi_dbm=rssi_dbm,
        p_drone=P_DRONE,
        id_kind=kind if identity else 0,
        identity=identity[:IDENTITY_BYTES],
    )
    return Claim(name, place, known)


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    cut = Cut()
    pieces = cut.feed(data)
    if (last := cut.finish()) is not None:
        pieces.append(last)
    for n, piece in enumerate(pieces, start=1):
        found = read(piece, 0)
        head: Line = {"file": file, "frame": n}
        yield {**head, "ok": True} if found is None else line_of(head, found)
