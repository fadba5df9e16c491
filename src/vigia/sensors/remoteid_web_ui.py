"""remoteid-web-ui's JSON, answers and nodes' submissions -> Observation, OperatorSeen, Fault.

Rows of uas_id, timestamp, latitude, longitude, altitude, operator_latitude, operator_longitude; a
server repeats hours of them at each question. docs/sensors/remoteid_web_ui.md tells the rest.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from vigia.wire.advert import Refused
from vigia.wire.claims import (
    P_DRONE,
    Claim,
    elements,
    members,
    named,
    number,
    position_of,
    within,
)
from vigia.wire.places import Place
from vigia.wire.receiver import Found, Receiver, is_address, json_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "remote_id"
PIECE_MAX = 4_000_000
ROWS_MAX = 20_000  # of one document; its newest come first
TOLD_MAX = 2 * ROWS_MAX  # rows remembered, so that a repeat is known from one that comes late
LISTS = ("positions", "drones", "operators", "events")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Adapter(Receiver):
    """feed_message: one answer of the server; feed: such JSON one after another."""

    PIECE_MAX = PIECE_MAX
    VALUES = True

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        super().__init__(sensor_id, t_shift_ns)
        self._told: dict[tuple[str, int], None] = {}  # rows taken or refused; the oldest go
        self._first = True

    def read(self, piece: bytes, t_recv_ns: int) -> Found:
        value = json_of(piece)
        if isinstance(value, Refused):
            return [value]
        rows = _rows(value)
        if rows is None:
            return [Refused(code="json", what=f"answer: need a list, or one of {', '.join(LISTS)}")]
        dated: list[tuple[int, int, dict[str, object]]] = []
        out: Found = []
        for n, row in enumerate(rows[:ROWS_MAX]):
            t_ns = _time_ns(row.get("timestamp"))
            if not row.get("uas_id") or t_ns is None:
                out.append(Refused(code="row", what="row: need uas_id and an ISO 8601 timestamp"))
            else:
                dated.append((t_ns, n, row))
        if len(rows) > ROWS_MAX:
            out.append(Refused(code="rows", what=f"answer: more than {ROWS_MAX} rows"))
        for t_ns, _, row in sorted(dated, key=lambda item: item[:2]):  # as they happened
            out += self._row(row, t_ns, t_recv_ns)
        self._first = False
        return out

    def _row(self, row: dict[str, object], t_ns: int, t_recv_ns: int) -> Found:
        """A row told before says nothing. In the first answer an old one is history; later, a
        new row that is old came late or its clock is wrong: that is told."""
        uas_id = str(row["uas_id"])[:64]
        key = (uas_id, t_ns)
        if key in self._told:
            self._told[key] = self._told.pop(key)  # said again: not among the first to go
            return []
        self._told[key] = None
        if len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]
        old = self.claims.too_old(t_ns, t_recv_ns)
        if old is not None:
            return [] if self._first else [old]
        return [_claim(row, uas_id, self.claims.time_ns(t_ns, t_recv_ns))]


def _rows(value: object) -> list[dict[str, object]] | None:
    whole = members(value)
    if whole is None:
        many = elements(value)
        return None if many is None else [members(row) or {} for row in many]
    if "uas_id" in whole:
        return [whole]
    lists = [found for name in LISTS if (found := elements(whole.get(name))) is not None]
    return [members(row) or {} for rows in lists for row in rows] if lists else None


def _claim(row: dict[str, object], uas_id: str, t_ns: int) -> Claim | Refused:
    address = str(row.get("mac_address") or "")[:32]
    plain = is_address(uas_id)
    identity, kind = named("" if plain else uas_id, "", uas_id if plain else address)
    name = identity.decode("ascii", "replace")
    operator = position_of(row.get("operator_latitude"), row.get("operator_longitude"))
    lat, lon = number(row.get("latitude")), number(row.get("longitude"))
    if math.isnan(lat) or math.isnan(lon) or (lat == 0.0 and lon == 0.0):
        return Claim(name, None, operator)
    if not (abs(lat) <= 90.0 and abs(lon) <= 180.0):
        return Refused(code="place", what="row: no such place")
    alt = number(row.get("altitude"))
    place = Place(
        t_obs_ns=t_ns,
        lat_deg=lat,
        lon_deg=lon,
        alt_hae_m=math.nan if alt == 0.0 else within(alt, -999.0, 31_767.5),
        p_drone=P_DRONE,
        id_kind=kind,
        identity=identity,
    )
    return Claim(name, place, operator)


def _time_ns(value: object) -> int | None:
    """ISO 8601 or the date of an HTTP header; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, TypeError, IndexError):
            return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    try:
        since = when - _EPOCH
    except OverflowError:
        return None
    t_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
    return t_ns if 0 <= t_ns < 1 << 62 else None


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    return Adapter("decode", 1).lines(data, file)  # a recording: rows of any age
