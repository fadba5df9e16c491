"""dronecot's Cursor on Target (XML or TAK protocol 1) -> Observation, OperatorSeen, Fault.

Drones, operators and receivers come as separate events, told apart by their uid and what they carry
in <detail>. Course and speed are not read. docs/sensors/dronecot.md tells why, and the rest.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from vigia.scan import IdKind
from vigia.terms import Position
from vigia.wire import cot, takp
from vigia.wire.advert import Refused
from vigia.wire.claims import P_DRONE, Claim, Claims, Near, Out, named, number, within
from vigia.wire.cot_stream import CotStream, LostCount, Piece, Proto, datagram
from vigia.wire.places import Place
from vigia.wire.receiver import R95_PER_SIGMA, Found, line_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
CODES_TO_M = 12.0  # older versions wrote the code of the accuracy (1 to 12) as if it were metres
DRONE = re.compile(r"RID\.(?P<rid>.+)\.uas|DJI[.-](?P<dji>.+?)(?:\.uas)?")
OPERATOR = re.compile(r"op-(?P<a>.+)|RID\.(?P<b>.+)\.op|DJI[.-](?P<c>.+?)[.-]op")
HOME = re.compile(r"DJI[.-].+?[.-]home|RID\..+\.home")
RECEIVER = re.compile(r"SNSTAC-CUAS\.|CUAS-")
_REMOTE_ID = re.compile(r"Remote ID: (\S+)")
_NAMELESS = ("Unknown-BasicID", "FEED-", "Unknown")


class Adapter:
    """feed: a TCP stream; feed_message: one datagram, of a mesh or of dronecot itself."""

    NEEDS_AUTHORITY = True

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self._claims = Claims(sensor_id, t_shift_ns)
        self._stream = CotStream()

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        try:
            pieces = self._stream.feed(data)
        except LostCount as e:
            self._stream = CotStream()
            pieces = [Refused(code="stream", what=str(e))]
        return [b for piece in pieces for b in self._piece(piece, t_recv_ns)]

    def feed_message(self, data: bytes, t_recv_ns: int) -> list[Out]:
        return self._piece(datagram(data), t_recv_ns)

    def finish(self, t_recv_ns: int) -> list[Out]:
        held = self._stream.held
        self._stream = CotStream()
        cut = [Refused(code="cut", what=f"the stream ended inside an event ({held} bytes of it)")]
        return [*(self._claims.take(cut, t_recv_ns) if held else []), *self._claims.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return self._claims.due(t_ns)

    def _piece(self, piece: Piece, t_recv_ns: int) -> list[Out]:
        raw = b"" if isinstance(piece, Refused) else piece.data
        found = read(piece, self._claims, t_recv_ns)
        if found is None:
            return []
        if not found:
            return self._claims.heard(t_recv_ns)
        return self._claims.take(found, t_recv_ns, raw)


def read(piece: Piece, claims: Claims, t_recv_ns: int) -> Found | None:
    """Empty: a receiver's word of life. None: other people's traffic, no concern of ours."""
    if isinstance(piece, Refused):
        return [piece]
    xml = takp.decode(piece.data) if isinstance(piece, Proto) else piece.data
    event = xml if isinstance(xml, Refused) else cot.parse(xml)
    if isinstance(event, Refused):
        return [event]
    if RECEIVER.match(event.uid):
        return []
    if HOME.fullmatch(event.uid):
        return []  # where it took off: an operator's place, kept nowhere
    if (operator := OPERATOR.fullmatch(event.uid)) is not None:
        return _operator(event, operator[operator.lastgroup or 0])
    drone = DRONE.fullmatch(event.uid)
    return None if drone is None else [_drone(event, drone, claims, t_recv_ns)]


def _operator(event: cot.CotEvent, uid: str) -> Found:
    if event.lat_deg is None or event.lon_deg is None:
        return []
    said = _REMOTE_ID.search(event.remarks or "")
    name, _ = _named(said[1] if said else uid)
    where = Position(event.lat_deg, event.lon_deg, event.alt_hae_m)
    return [Claim(name.decode("ascii", "replace"), None, where)]


def _drone(
    event: cot.CotEvent, uid: re.Match[str], claims: Claims, t_recv_ns: int
) -> Claim | Refused:
    said = event.detail("__cuas")
    stamp = number(said.get("timestamp"))
    t_ns = round(stamp * 1e6) if stamp > 1e12 else event.t_ns
    if (old := claims.too_old(t_ns, t_recv_ns)) is not None:
        return old
    at_ns = claims.time_ns(t_ns, t_recv_ns)
    rssi = within(number(said.get("rssi")), -200.0, -1.0)
    dji = uid["dji"]
    name = said.get("uas_sn", dji) if dji else said.get("rid_uas", uid["rid"])
    identity, kind = _named("" if dji and _is_frequency(name) else name)
    known_as = identity.decode("ascii", "replace")
    if said.get("valid_geo") == "0":  # then the point is the receiver's own
        return Claim(known_as or f"dji {name}"[:64], None, None, Near(at_ns, rssi))
    if event.lat_deg is None or event.lon_deg is None or (event.lat_deg == event.lon_deg == 0.0):
        return Claim(known_as, None)
    ce = event.ce_m if event.ce_m is not None and event.ce_m > CODES_TO_M else math.nan
    alt = math.nan if event.alt_hae_m is None else event.alt_hae_m
    place = Place(
        t_obs_ns=at_ns,
        lat_deg=event.lat_deg,
        lon_deg=event.lon_deg,
        alt_hae_m=math.nan if dji or alt == 0.0 else within(alt, -999.0, 31_767.5),
        sigma_m=ce / R95_PER_SIGMA,
        rssi_dbm=rssi,
        p_drone=P_DRONE,
        id_kind=kind,
        identity=identity,
    )
    return Claim(known_as, place)


def _named(name: str) -> tuple[bytes, int]:
    """Nameless ones keep no name: dronecot gives one name to all of them."""
    if not name or name.startswith(_NAMELESS):
        return b"", int(IdKind.NONE)
    bare = name.removeprefix("MAC-").replace(":", "")
    if name.startswith("MAC-") or (":" in name and len(bare) == 12):
        return named("", "", bare[:32])
    return named(name[:64], "", "")


def _is_frequency(name: str) -> bool:
    """Without a serial dronecot names a DJI drone by its radio frequency."""
    return not math.isnan(number(name)) and "." in name


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    claims, stream = Claims("decode", 1), CotStream()
    try:
        pieces = stream.feed(data)
    except LostCount as e:
        pieces = [Refused(code="stream", what=str(e))]
    for n, piece in enumerate(pieces, start=1):
        head: Line = {"file": file, "frame": n}
        found = read(piece, claims, 0)
        yield line_of(head, found[0]) if found else {**head, "ok": True}
