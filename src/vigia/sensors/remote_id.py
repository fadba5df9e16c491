"""pcap or pcapng bytes of a Remote ID receiver -> Observation, OperatorSeen, Fault.

One sender is one radio address. Its messages are joined over time: a location is a row at once,
because a warning does not wait for a name. It bears the best identity known by then; none in the
sender's first seconds; its address ("ble-e07deaeb2f1c", id_kind NODE) when no name came in them.
docs/sensors/remote_id.md tells the rest.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from vigia.events import (
    Fault,
    Observation,
    OperatorSeen,
    SensorHeard,
)
from vigia.scan import ROWS_MAX, Flag, IdKind, Layout, pack
from vigia.terms import Position
from vigia.wire import ble, dot11, odid, odid_columns, odid_reference, pcap
from vigia.wire.advert import Advert, Refused
from vigia.wire.tally import FaultTally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vigia.sensors.door import Line

Out: TypeAlias = Observation | OperatorSeen | SensorHeard | Fault | bytes

SENDERS_MAX = 10_000  # beyond it the longest silent sender is forgotten
RECENT_MAX = 4  # locations of a sender remembered to tell a repeat: two carriers, reordered
NAME_WAIT_NS = 4_000_000_000  # F3411-22a: identifiers every 3 s; until then a row is nameless
REPEAT_NS = 1_000_000_000  # an undated repeat counts as "still there" at most this often
AGE_MAX_NS = 10_000_000_000  # F3411-22a allows 1 s; an older stamp is a clock difference
AHEAD_MAX_NS = 1_000_000_000
HEARD_EVERY_NS = 5_000_000_000
P_DRONE = 0.9  # who broadcasts Remote ID is a drone or pretends to be one

_CHUNK = 65_536
_HOUR_NS = 3_600_000_000_000
_RANK = {IdKind.SERIAL: 4, IdKind.CAA: 3, IdKind.UTM: 2, IdKind.SESSION: 1, IdKind.NONE: 0}
_CARRIERS: dict[int, Callable[[bytes], list[Advert]]] = {
    pcap.LINK_DOT11: dot11.plain_adverts,
    pcap.LINK_RADIOTAP: dot11.radiotap_adverts,
    pcap.LINK_NORDIC_BLE: ble.nordic_adverts,
}


class _Sender:
    """What one address has said so far."""

    __slots__ = ("id_kind", "identity", "operator", "recent", "t_first_ns", "t_row_ns", "ua_type")

    def __init__(self, node: str, t_ns: int) -> None:
        self.t_first_ns = t_ns
        self.identity = node
        self.id_kind = IdKind.NODE
        self.ua_type = 0
        self.recent: tuple[bytes, ...] = ()
        self.t_row_ns = 0
        self.operator: tuple[float, float, float | None] | None = None


class _Row(NamedTuple):
    message: bytes  # 25, a location
    t_ns: int
    identity: str
    id_kind: int
    ua_type: int
    rssi_dbm: float


class Adapter:
    """A capture in any split, or its records one by one for paced playback."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._reader = pcap.Reader()
        self._senders: dict[bytes, _Sender] = {}  # the longest silent first
        self._rows: list[_Row] = []
        self._faults = FaultTally(f"sensor/{sensor_id}")
        self._t_heard_ns: int | None = None
        self._fed = False  # records given one by one have a reader, and its damage, elsewhere

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        out: list[Out] = []
        self._fed = True
        for item in self._reader.feed(data):
            out += self._item(item, t_recv_ns)
        return out + self._flush()

    def feed_record(self, record: pcap.Record, t_recv_ns: int) -> list[Out]:
        return self._item(record, t_recv_ns) + self._flush()

    def finish(self, t_recv_ns: int) -> list[Out]:
        damage = self._reader.finish() if self._fed else None
        out = [] if damage is None else self._item(damage, t_recv_ns)
        return out + self._flush() + self._faults.rest()

    def _item(self, item: pcap.Record | pcap.Damage, t_recv_ns: int) -> list[Out]:
        if isinstance(item, pcap.Damage):
            # The header only: the bytes behind it may be anybody's traffic.
            what = f"{item.what} (at byte {item.offset}); start the capture again"
            where = f"sensor/{self.sensor_id}"
            return [Fault(where=where, whose="peer", what=what, raw=item.raw[:16])]
        t_ns = t_recv_ns if item.t_ns is None else item.t_ns + self._t_shift_ns
        out: list[Out] = []
        rows = len(self._rows)
        carrier = _CARRIERS.get(item.linktype)
        if carrier is None:
            refused = Refused(
                code="linktype", what=f"link type: got {item.linktype}, need {sorted(_CARRIERS)}"
            )
            out += self._faults.add(refused, t_ns=t_ns)
        else:
            for advert in carrier(item.frame):
                out += self._advert(advert, t_ns)
        if out or len(self._rows) > rows:
            self._t_heard_ns = t_ns
        elif self._t_heard_ns is None or abs(t_ns - self._t_heard_ns) >= HEARD_EVERY_NS:
            self._t_heard_ns = t_ns
            out.append(SensorHeard(sensor_id=self.sensor_id, t_obs_ns=t_ns))
        return out

    def _advert(self, advert: Advert, t_ns: int) -> list[Out]:
        radio = "ble" if advert.transport == "ble" else "wifi"
        node = f"{radio}-{advert.address.hex()}"
        refused = advert.refused
        if refused is None and not advert.address:
            refused = Refused(code="no_address", what="advert: the sender's address is missing")
        parts = odid.split(advert.payload) if refused is None else refused
        if isinstance(parts, Refused):
            return [*self._faults.add(parts, t_ns=t_ns, raw=advert.payload, subject=node)]
        sender = self._sender(advert.address, node, t_ns)
        out: list[Out] = []
        # Identifiers first: the messages of one pack are of one moment.
        for part in sorted(parts, key=lambda part: part[0] >> 4 != odid.Kind.BASIC_ID):
            match part[0] >> 4:
                case odid.Kind.BASIC_ID:
                    _identify(sender, part)
                case odid.Kind.LOCATION:
                    self._location(sender, part, t_ns, advert.rssi_dbm)
                case odid.Kind.SYSTEM:
                    out += self._operator(sender, part, t_ns)
                case _:
                    pass  # authentication, texts: decoded by `vigia decode`, no decision uses them
        return out

    def _sender(self, address: bytes, node: str, t_ns: int) -> _Sender:
        sender = self._senders.pop(address, None) or _Sender(node, t_ns)
        self._senders[address] = sender
        if len(self._senders) > SENDERS_MAX:
            del self._senders[next(iter(self._senders))]
        return sender

    def _location(self, sender: _Sender, part: bytes, t_ns: int, rssi_dbm: float | None) -> None:
        """A repeat of a dated location tells nothing new; an undated one says "still there"."""
        content = part[1:]
        if content in sender.recent and (
            resolve_ns(int.from_bytes(part[21:23], "little"), t_ns - self._t_shift_ns) is not None
            or abs(t_ns - sender.t_row_ns) < REPEAT_NS
        ):
            return
        sender.recent = (content, *sender.recent[: RECENT_MAX - 1])
        sender.t_row_ns = t_ns
        rssi = float("nan") if rssi_dbm is None else rssi_dbm
        # An address given as a name now would have to be taken back when the name comes.
        if sender.id_kind == IdKind.NODE and abs(t_ns - sender.t_first_ns) < NAME_WAIT_NS:
            self._rows.append(_Row(part, t_ns, "", IdKind.NONE, 0, rssi))
            return
        self._rows.append(_Row(part, t_ns, sender.identity, sender.id_kind, sender.ua_type, rssi))

    def _operator(self, sender: _Sender, part: bytes, t_ns: int) -> list[Out]:
        system = odid.decode_message(part)
        if not isinstance(system, odid.System) or system.lat_deg is None or system.lon_deg is None:
            return []
        where = (system.lat_deg, system.lon_deg, system.alt_hae_m)
        if where == sender.operator:
            return []
        sender.operator = where
        seen = OperatorSeen(
            sensor_id=self.sensor_id,
            uas_id=sender.identity,
            t_obs_ns=t_ns,
            position=Position(*where),
        )
        return [seen]

    def _flush(self) -> list[Out]:
        out: list[Out] = []
        for at in range(0, len(self._rows), ROWS_MAX):
            out += self._observe(self._rows[at : at + ROWS_MAX])
        self._rows = []
        return out

    def _observe(self, rows: list[_Row]) -> list[Out]:
        joined = b"".join(row.message for row in rows)
        messages = np.frombuffer(joined, dtype=np.uint8).reshape(-1, odid.MESSAGE_SIZE)
        found = odid_columns.locations(messages)
        placed = ~np.isnan(found.lat_deg)
        if not placed.any():
            return []
        flags = np.where(found.status == odid.Status.AIRBORNE, int(Flag.AIRBORNE), 0)
        flags = np.where(found.status == odid.Status.EMERGENCY, int(Flag.EMERGENCY), flags)
        t_ns = [
            self._t_obs_ns(row.t_ns, int(ds))
            for row, ds in zip(rows, found.since_hour_ds, strict=True)
        ]
        columns = {
            "t_obs_ns": np.array(t_ns, dtype=np.int64),
            "lat_deg": found.lat_deg,
            "lon_deg": found.lon_deg,
            "alt_hae_m": found.alt_hae_m,
            "alt_baro_m": found.alt_baro_m,
            "height_m": found.height_m,
            "sigma_m": found.sigma_m,
            "alt_sigma_m": found.alt_sigma_m,
            "speed_mps": found.speed_mps,
            "course_deg_true": found.course_deg_true,
            "climb_mps": found.climb_mps,
            "speed_sigma_mps": found.speed_sigma_mps,
            "rssi_dbm": np.array([row.rssi_dbm for row in rows]),
            "p_drone": np.full(len(rows), P_DRONE),
            "flags": flags,
            "id_kind": np.array([row.id_kind for row in rows]),
            "ua_type": np.array([row.ua_type for row in rows]),
            "identity": np.array([row.identity.encode() for row in rows], dtype="S24"),
        }
        scan = pack(Layout.PLACE_1, {name: column[placed] for name, column in columns.items()})
        return [Observation(sensor_id=self.sensor_id, scan=scan)]

    def _t_obs_ns(self, t_ns: int, since_hour_ds: int) -> int:
        resolved = resolve_ns(since_hour_ds, t_ns - self._t_shift_ns)
        return t_ns if resolved is None else resolved + self._t_shift_ns


def resolve_ns(since_hour_ds: int, t_capture_ns: int) -> int | None:
    """Tenths since the full UTC hour -> ns since 1970, near the capture; None: not believable.

    0 counts as unset: senders that never set it were seen, and it is true 0.1 s an hour. A
    stamp slightly ahead of the receiver's clock is brought back to it.
    """
    if not 0 < since_hour_ds <= odid.HOUR_DS:
        return None
    t_ns = t_capture_ns - t_capture_ns % _HOUR_NS + since_hour_ds * 100_000_000
    if t_ns - t_capture_ns > _HOUR_NS // 2:
        t_ns -= _HOUR_NS
    elif t_capture_ns - t_ns > _HOUR_NS // 2:
        t_ns += _HOUR_NS
    if not -AHEAD_MAX_NS <= t_capture_ns - t_ns <= AGE_MAX_NS:
        return None
    return min(t_ns, t_capture_ns)


def _identify(sender: _Sender, part: bytes) -> None:
    """A better or newer identifier of the sender. Binary ones become a short digest of them."""
    kind = IdKind(part[1] >> 4) if part[1] >> 4 in _RANK else IdKind.NONE
    raw = part[2 : 2 + odid.UAS_ID_SIZE].rstrip(b"\0 ")
    if not raw or (sender.id_kind != IdKind.NODE and _RANK[kind] < _RANK[sender.id_kind]):
        return
    text = raw.decode("ascii", "replace")
    if kind in (IdKind.UTM, IdKind.SESSION) or not (text.isascii() and text.isprintable()):
        text = "#" + hashlib.blake2b(raw, digest_size=11).hexdigest()
    sender.identity, sender.id_kind, sender.ua_type = text, kind, part[1] & 15


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    """The lines of `vigia decode remote_id`, in the words of the reference decoder's file."""
    frame = 0
    for item in _items(data):
        if isinstance(item, pcap.Damage):
            why = f"{item.what} (at byte {item.offset})"
            yield {"file": file, "frame": frame + 1, "ok": False, "damaged": True, "why": why}
            return
        frame = item.number
        carrier = _CARRIERS.get(item.linktype)
        if carrier is None:
            why = f"link type: got {item.linktype}, need {sorted(_CARRIERS)}"
            yield {"file": file, "frame": frame, "ok": False, "why": why}
            continue
        for advert in carrier(item.frame):
            yield {"file": file, "frame": frame, **_line(advert)}


def _items(data: bytes) -> Iterator[pcap.Record | pcap.Damage]:
    reader = pcap.Reader()
    for at in range(0, len(data), _CHUNK):
        yield from reader.feed(data[at : at + _CHUNK])
    if (last := reader.finish()) is not None:
        yield last


def _line(advert: Advert) -> Line:
    head: Line = {"transport": advert.transport, "len": len(advert.payload)}
    found = odid_reference.fields(advert.payload) if advert.refused is None else advert.refused
    if isinstance(found, Refused):
        return head | {"ok": False, "why": found.what}
    return head | {"ok": True, **found}
