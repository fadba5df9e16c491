"""`aircraft.json` documents or SBS-1 lines of an ADS-B decoder -> Observation, SensorHeard, Fault.

Crewed aircraft become rows of place.1 under their ICAO address: they explain what a radar or a
person sees. They warn about nothing by themselves, and never make anything friendly: an address
can be forged. docs/sensors/adsb.md tells the rest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from vigia.events import Fault, Observation, SensorHeard
from vigia.scan import Flag, IdKind
from vigia.wire import airtraffic
from vigia.wire.advert import Refused
from vigia.wire.airtraffic import Aircraft, Line
from vigia.wire.pieces import Overlong, Pieces
from vigia.wire.places import Place, scans_of
from vigia.wire.tally import FaultTally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line as DecodedLine

KIND = "adsb"
Out: TypeAlias = Observation | SensorHeard | Fault

PIECE_MAX = 4_000_000  # bytes of one document: some 10,000 aircraft
AIRCRAFT_MAX = 10_000  # remembered; beyond it the longest silent is forgotten
POS_AGE_MAX_S = 10.0  # an older position moves nothing
CLOCK_MAX_NS = 10_000_000_000  # a decoder's clock beyond this from ours is not believed
SAME_NS = 300_000_000  # the same place told again within this is the same message
JUMP_MPS, JUMP_M = 600.0, 3_000.0  # faster than this from its last place is impossible
JUMPS_MAX = 3  # then the last place was the wrong one
HEARD_EVERY_NS = 5_000_000_000
VELOCITY_AGE_NS = 10_000_000_000  # an SBS position borrows a velocity this old at most
QUARTER_NS = 900_000_000_000  # zones differ by quarters of an hour
AHEAD_NS = 2_000_000_000
P_DRONE, P_UNMANNED = 0.02, 0.9  # category B6 says it is unmanned
_DEGREE_M = 111_320.0


class _Known:
    """The last accepted state of one address."""

    __slots__ = ("climb", "course", "jumps", "lat", "lon", "speed", "stale", "t_ns", "t_v_ns")

    def __init__(self) -> None:
        self.lat = self.lon = self.speed = self.course = self.climb = math.nan
        self.t_ns = self.t_v_ns = 0
        self.jumps = 0
        self.stale = False


class _Moment(NamedTuple):
    """One document: its time on our clock, and the time of receipt."""

    t_ns: int
    t_recv_ns: int


class Adapter:
    """Documents and lines in any split; feed_message takes one whole document or several lines."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._pieces = Pieces(PIECE_MAX, values=True)
        self._known: dict[str, _Known] = {}  # the longest silent first
        self._faults = FaultTally(f"sensor/{sensor_id}")
        self._t_heard_ns: int | None = None
        self._now_s = math.nan

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return self._take(self._pieces.feed(data), t_recv_ns)

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        if len(data) > PIECE_MAX:
            return self._take([Overlong(data[:64])], t_recv_ns)
        lines = [data] if data.lstrip()[:1] == b"{" else data.splitlines()
        return self._take([line for line in lines if line.strip()], t_recv_ns)

    def finish(self, t_recv_ns: int) -> list[Out]:
        rest = self._pieces.finish()
        return [*self._take([rest] if rest else [], t_recv_ns), *self._faults.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return [*self._faults.due(t_ns)]

    def _take(self, pieces: list[bytes | Overlong], t_recv_ns: int) -> list[Out]:
        out: list[Out] = []
        rows: list[Place] = []
        for piece in pieces:
            if isinstance(piece, Overlong):
                what = f"document: longer than {PIECE_MAX} bytes"
                out += self._refuse(Refused(code="overlong", what=what), t_recv_ns, piece.raw)
            elif piece[:1] == b"{":
                out += self._document(piece, t_recv_ns, rows)
            else:
                out += self._sbs(piece, t_recv_ns, rows)
        observed = [Observation(sensor_id=self.sensor_id, scan=scan) for scan in scans_of(rows)]
        return [*observed, *out]

    def _document(self, piece: bytes, t_recv_ns: int, rows: list[Place]) -> list[Out]:
        try:
            now_s, items = airtraffic.decode_document(piece)
        except (msgspec.DecodeError, UnicodeDecodeError) as e:
            what = f"document: {e}"
            return self._refuse(Refused(code="document", what=what[:200]), t_recv_ns, piece)
        if not 0.0 < now_s < 9e9:
            what = f"document: now is {now_s}; need seconds since 1970"
            return self._refuse(Refused(code="document", what=what), t_recv_ns, piece)
        if now_s == self._now_s:
            return []  # the decoder has written nothing since
        self._now_s = now_s
        out: list[Out] = []
        t_ns = round(now_s * 1e9) + self._t_shift_ns
        off_ns = t_ns - t_recv_ns
        if not self._t_shift_ns and abs(off_ns) > CLOCK_MAX_NS:
            what = f"clock: the decoder's is {off_ns / 1e9:.0f} s off; set its time (NTP)"
            out += self._refuse(Refused(code="clock", what=what), t_recv_ns)
            t_ns = t_recv_ns
        before = len(rows)
        for item in items:
            one = airtraffic.of_listed(item)
            if isinstance(one, Refused):
                out += self._refuse(one, t_recv_ns)
            elif one is not None:
                out += self._aircraft(one, _Moment(t_ns, t_recv_ns), rows)
        return out + self._heard(t_ns, len(rows) > before)

    def _aircraft(self, one: Aircraft, at: _Moment, rows: list[Place]) -> list[Out]:
        known = self._of(one.address)
        if not 0.0 <= one.age_s <= POS_AGE_MAX_S:
            if known.stale:
                return []  # counted once, when it became stale
            known.stale = True
            what = f"position is {one.age_s:.0f} s old; need {POS_AGE_MAX_S:.0f} s at most"
            return self._refuse(Refused(code="stale", what=what), at.t_recv_ns)
        known.stale = False
        t_ns = at.t_ns - round(one.age_s * 1e9)
        if abs(t_ns - known.t_ns) < SAME_NS and (one.lat_deg, one.lon_deg) == (
            known.lat,
            known.lon,
        ):
            return []
        jump = self._jump(known, one, t_ns)
        if jump is not None:
            return self._refuse(jump, at.t_recv_ns)
        rows.append(_row(one, t_ns))
        return []

    def _sbs(self, line: bytes, t_recv_ns: int, rows: list[Place]) -> list[Out]:
        found = airtraffic.of_sbs(line)
        if found is None:
            return []
        if isinstance(found, Refused):
            return self._refuse(found, t_recv_ns, line)
        known = self._of(found.address)
        t_ns = self._line_ns(found, t_recv_ns)
        if not math.isnan(found.speed_mps):
            known.speed, known.course = found.speed_mps, found.course_deg_true
            known.climb, known.t_v_ns = found.climb_mps, t_ns
        out = self._heard(t_ns, False)
        if math.isnan(found.lat_deg) or math.isnan(found.lon_deg):
            return out
        fresh = abs(t_ns - known.t_v_ns) <= VELOCITY_AGE_NS
        one = airtraffic.check(
            Aircraft(
                address=found.address,
                lat_deg=found.lat_deg,
                lon_deg=found.lon_deg,
                alt_baro_m=math.nan if found.ground else found.alt_baro_m,
                sigma_m=100.0,
                speed_mps=known.speed if fresh else math.nan,
                course_deg_true=known.course if fresh else math.nan,
                climb_mps=known.climb if fresh else math.nan,
                ground=found.ground,
                emergency=found.emergency,
            )
        )
        jump = one if isinstance(one, Refused) else self._jump(known, one, t_ns)
        if jump is not None:
            return [*out, *self._refuse(jump, t_recv_ns, line)]
        assert isinstance(one, Aircraft)
        rows.append(_row(one, t_ns))
        return out

    def _line_ns(self, line: Line, t_recv_ns: int) -> int:
        """Its own stamp, whatever its zone; the time of receipt when that is not near."""
        if line.t_zone_ns is None:
            return t_recv_ns
        if self._t_shift_ns:
            return line.t_zone_ns + self._t_shift_ns
        off_ns = (line.t_zone_ns - t_recv_ns + QUARTER_NS // 2) % QUARTER_NS - QUARTER_NS // 2
        near = -CLOCK_MAX_NS <= off_ns <= AHEAD_NS
        return t_recv_ns + min(off_ns, 0) if near else t_recv_ns

    def _of(self, address: str) -> _Known:
        known = self._known.pop(address, None) or _Known()
        self._known[address] = known
        if len(self._known) > AIRCRAFT_MAX:
            del self._known[next(iter(self._known))]
        return known

    def _jump(self, known: _Known, one: Aircraft, t_ns: int) -> Refused | None:
        """Remembers the place, unless nothing flies so fast from the last one."""
        if known.t_ns:
            dn = (one.lat_deg - known.lat) * _DEGREE_M
            de = (one.lon_deg - known.lon + 180.0) % 360.0 - 180.0
            de *= _DEGREE_M * math.cos(math.radians(one.lat_deg))
            far_m = math.hypot(de, dn)
            if far_m > JUMP_M + JUMP_MPS * abs(t_ns - known.t_ns) / 1e9:
                known.jumps += 1
                if known.jumps < JUMPS_MAX:
                    what = f"aircraft {one.address}: {far_m / 1000.0:.0f} km from its last place"
                    return Refused(code="jump", what=what)
        known.lat, known.lon, known.t_ns, known.jumps = one.lat_deg, one.lon_deg, t_ns, 0
        return None

    def _heard(self, t_ns: int, observed: bool) -> list[Out]:
        if observed or (
            self._t_heard_ns is not None and abs(t_ns - self._t_heard_ns) < HEARD_EVERY_NS
        ):
            return []
        self._t_heard_ns = t_ns
        return [SensorHeard(sensor_id=self.sensor_id, t_obs_ns=t_ns)]

    def _refuse(self, refused: Refused, t_ns: int, raw: bytes = b"") -> list[Out]:
        return [*self._faults.add(refused, t_ns=t_ns, raw=raw[:64])]


def _row(one: Aircraft, t_ns: int) -> Place:
    icao = not one.address.startswith("~") and not one.unmanned
    flags = (0 if one.ground else Flag.AIRBORNE) | (Flag.EMERGENCY if one.emergency else 0)
    return Place(
        t_obs_ns=t_ns,
        lat_deg=one.lat_deg,
        lon_deg=one.lon_deg,
        alt_hae_m=one.alt_hae_m,
        alt_baro_m=one.alt_baro_m,
        sigma_m=one.sigma_m,
        alt_sigma_m=one.alt_sigma_m,
        speed_mps=one.speed_mps,
        course_deg_true=one.course_deg_true,
        climb_mps=one.climb_mps,
        speed_sigma_mps=one.speed_sigma_mps,
        rssi_dbm=one.rssi_dbm,
        p_drone=P_UNMANNED if one.unmanned else P_DRONE,
        flags=int(flags),
        id_kind=IdKind.ICAO if icao else IdKind.NODE,
        identity=one.address.encode(),
    )


def decode_lines(data: bytes, file: str) -> Iterator[DecodedLine]:
    """One line an aircraft of a document, one an SBS message."""
    pieces = Pieces(PIECE_MAX, values=True)
    found_pieces: list[bytes | Overlong] = pieces.feed(data)
    if last := pieces.finish():
        found_pieces.append(last)
    for n, piece in enumerate(found_pieces, start=1):
        head: DecodedLine = {"file": file, "frame": n}
        if isinstance(piece, Overlong):
            yield {**head, "ok": False, "why": f"longer than {PIECE_MAX} bytes"}
        elif piece[:1] == b"{":
            yield from _document_lines(piece, head)
        else:
            found = airtraffic.of_sbs(piece)
            if isinstance(found, Refused):
                yield {**head, "ok": False, "why": found.what}
            else:
                yield {**head, "ok": True, **({} if found is None else _shown(found))}


def _document_lines(piece: bytes, head: DecodedLine) -> Iterator[DecodedLine]:
    try:
        now_s, items = airtraffic.decode_document(piece)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        yield {**head, "ok": False, "why": str(e)[:200]}
        return
    for item in items:
        one = airtraffic.of_listed(item)
        if isinstance(one, Refused):
            yield {**head, "ok": False, "why": one.what}
        elif one is not None:
            yield {**head, "ok": True, "now": now_s, **_shown(one)}


def _shown(one: Aircraft | Line) -> DecodedLine:
    fields = msgspec.structs.asdict(one)
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in fields.items()}
