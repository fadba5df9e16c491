"""What a receiver says that drones broadcast of themselves -> rows, operators, signs of life.

Shared by the adapters of receivers that decode by themselves: repeats add nothing, an operator is
told when he moved, refused messages are counted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, cast

from vigia.events import Fault, Observation, OperatorSeen, SensorHeard
from vigia.scan import Flag, IdKind, Layout, pack
from vigia.terms import Position
from vigia.wire.advert import Refused
from vigia.wire.places import IDENTITY_BYTES, Place, believable, identity_of, scans_of
from vigia.wire.tally import FaultTally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigia.scan import Scan

Out: TypeAlias = Observation | OperatorSeen | SensorHeard | Fault
K = TypeVar("K")
V = TypeVar("V")
SENDERS_MAX = 10_000  # beyond it the longest silent is forgotten
HEARD_EVERY_NS = 5_000_000_000
REPEAT_NS = 1_000_000_000  # the same place counts as "still there" this often at most
P_DRONE = 0.9  # who broadcasts Remote ID is a drone or pretends to be one
CLOCK_MAX_NS = 10_000_000_000  # a receiver's clock beyond this from ours is not believed


class Near(NamedTuple):
    """A drone is heard and nobody says where: rssi_dbm is all there is of it, NaN unknown."""

    t_obs_ns: int
    rssi_dbm: float


class Claim(NamedTuple):
    """place None: it has no fix, or says nothing new of one."""

    identity: str
    place: Place | None
    operator: Position | None = None
    near: Near | None = None


class Claims:
    def __init__(self, sensor_id: str, t_shift_ns: int) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._faults = FaultTally(f"sensor/{sensor_id}")
        self._places: dict[bytes, tuple[float, float, int]] = {}
        self._operators: dict[str, Position] = {}
        self._near: dict[str, int] = {}
        self._t_heard_ns: int | None = None

    def time_ns(self, t_ns: int | None, t_recv_ns: int) -> int:
        """The receiver's stamp where it can be; else the time of receipt."""
        if t_ns is None:
            return t_recv_ns
        t_ns += self._t_shift_ns
        if self._t_shift_ns or -500_000_000 <= t_recv_ns - t_ns <= CLOCK_MAX_NS:
            return t_ns
        return t_recv_ns

    def age_ns(self, t_ns: int, t_recv_ns: int) -> int:
        """Of a stamp that is no recording's; a recording has no age."""
        return 0 if self._t_shift_ns else t_recv_ns - t_ns

    def too_old(self, t_ns: int, t_recv_ns: int) -> Refused | None:
        """For receivers that repeat what they know: told late, it is not where it was."""
        age_ns = self.age_ns(t_ns, t_recv_ns)
        if age_ns <= CLOCK_MAX_NS:
            return None
        what = f"last heard {age_ns / 1e9:.0f} s ago, or the receiver's clock is wrong"
        return Refused(code="stale", what=what)

    def take(self, found: Iterable[Claim | Refused], t_recv_ns: int, raw: bytes = b"") -> list[Out]:
        """Of one message."""
        rows: list[Place] = []
        near: list[Near] = []
        out: list[Out] = []
        for one in found:
            if isinstance(one, Refused):
                out += self._faults.add(one, t_ns=t_recv_ns, raw=raw, subject="operators")
                continue
            if one.place is not None and self._is_new(one.place):
                rows.append(one.place)
            if one.near is not None and self._is_news(one.identity, one.near.t_obs_ns):
                near.append(one.near)
            if one.operator is not None and self._operators.get(one.identity) != one.operator:
                _remember(self._operators, one.identity, one.operator)
                seen_ns = t_recv_ns if one.place is None else one.place.t_obs_ns
                out.append(
                    OperatorSeen(
                        sensor_id=self.sensor_id, uas_id=one.identity[:64], t_obs_ns=seen_ns,
                        position=one.operator,
                    )
                )  # fmt: skip
        scans = [*scans_of(rows), *([_presence(near)] if near else [])]
        observed = [Observation(sensor_id=self.sensor_id, scan=scan) for scan in scans]
        if observed:
            self._t_heard_ns = t_recv_ns
        return [*observed, *out]

    def heard(self, t_recv_ns: int) -> list[Out]:
        """The receiver said something that is no drone's."""
        last = self._t_heard_ns
        if last is not None and abs(t_recv_ns - last) < HEARD_EVERY_NS:
            return []
        self._t_heard_ns = t_recv_ns
        return [SensorHeard(sensor_id=self.sensor_id, t_obs_ns=t_recv_ns)]

    def rest(self) -> list[Out]:
        return [*self._faults.rest()]

    def due(self, t_ns: int) -> list[Out]:
        return [*self._faults.due(t_ns)]

    def _is_new(self, place: Place) -> bool:
        lat, lon, t_ns = self._places.get(place.identity, (math.nan, math.nan, 0))
        if (lat, lon) == (place.lat_deg, place.lon_deg) and place.t_obs_ns - t_ns < REPEAT_NS:
            return False
        _remember(self._places, place.identity, (place.lat_deg, place.lon_deg, place.t_obs_ns))
        return True

    def _is_news(self, identity: str, t_ns: int) -> bool:
        last = self._near.get(identity)
        if last is not None and 0 <= t_ns - last < REPEAT_NS:
            return False
        _remember(self._near, identity, t_ns)
        return True


def _presence(near: list[Near]) -> Scan:
    """polar.1 without an angle: the track layer takes it as "one is near this sensor"."""
    columns = {
        "t_obs_ns": [n.t_obs_ns for n in near],
        "rssi_dbm": [n.rssi_dbm for n in near],
        "p_drone": [P_DRONE] * len(near),
        "flags": [int(Flag.WEAK)] * len(near),
    }
    return pack(Layout.POLAR_1, columns)


def _remember(held: dict[K, V], key: K, value: V) -> None:
    held.pop(key, None)
    held[key] = value
    if len(held) > SENDERS_MAX:
        del held[next(iter(held))]


def members(value: object) -> dict[str, object] | None:
    """A JSON object; None: something else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def elements(value: object) -> list[object] | None:
    """A JSON array; None: something else."""
    return cast("list[object]", value) if isinstance(value, list) else None


def position_of(lat: object, lon: object, alt: object = None) -> Position | None:
    """None: not stated; receivers write 0/0 for it."""
    a, b = number(lat), number(lon)
    if math.isnan(a) or math.isnan(b) or not believable(a, b):
        return None
    alt_m = number(alt)
    return Position(a, b, None if math.isnan(alt_m) or alt_m <= -1_000.0 else alt_m)


def number(value: object) -> float:
    """A number, or text that begins with one ("12.5 m/s"); NaN: neither."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else math.nan
    if isinstance(value, str):
        try:
            return number(float(value.split()[0]))
        except (ValueError, IndexError):
            return math.nan
    return math.nan


def within(value: float, low: float, high: float) -> float:
    """value, or NaN: receivers write stand-ins for unknown."""
    return value if low <= value <= high else math.nan


def named(serial: str, registration: str, address: str) -> tuple[bytes, int]:
    """The best identity and its kind: serial before registration before radio address."""
    if serial.strip("\0 "):
        return identity_of(serial.strip("\0 ")), int(IdKind.SERIAL)
    if registration.strip("\0 "):
        return identity_of(registration.strip("\0 ")), int(IdKind.CAA)
    return address.lower().replace(":", "").encode("ascii", "replace")[:IDENTITY_BYTES], int(
        IdKind.NODE
    )
