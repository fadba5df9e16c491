"""All state of the tracker in one place, and what Python does with it around the kernels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from vigia.geo import Site
from vigia.terms import EndReason
from vigia.track import kernels
from vigia.track import layout as c
from vigia.track.frame import NOWHERE, convergence, hex_id, name_of, owner_of, stand_of
from vigia.track.layout import Cols, empty_cols, empty_work
from vigia.track.learn import BIAS_SIGMA, CLOCK_SIGMA_S
from vigia.track.living import LLR_MAX
from vigia.track.read import fingerprint
from vigia.track.slots import DEPARTED, EXPIRED, FALSE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import CoreSettings, SensorSite

# of the columns in a snapshot; another layout gets another name
VERSION = f"columns.5/{c.F_N}/{c.I_N}/{c.SF_N}/{c.SI_N}/{c.RING_MAX}/{c.PARTS_MAX}"
TRACKS_MAX = 10_000
SPARE = 2_000  # slots beyond: ended ones that wait for the next advance
GROW = 256
ROWS = 64  # of a scan, for a start
REPORTS_MAX = 4_096  # people's reports remembered for retries, additions and withdrawals
PERSON = 0  # kind of source
CLAIMING = ("remote_id", "rid", "adsb")  # kinds that pass on what a sender says of itself
REASONS = {EXPIRED: EndReason.EXPIRED, FALSE: EndReason.FALSE, DEPARTED: EndReason.DEPARTED}
CODES = {reason: code for code, reason in REASONS.items()}
NOT_BY_SLOT = (
    "serial",  # lies in i
    "gate",  # lies in f
    "place",
    "order",
    "free",
    "known",
    "named",
    "begun",
    "limits",
    "own",
    "tally",
    "sf",
    "si",
)  # other columns
P_DETECT_MIN, P_DETECT_MAX = 0.05, 0.999
FALSE_MIN_PER_HOUR = 0.01
SURE_PER_HOUR = 60.0  # odds to confirm: its log above that of the false tracks an hour allowed
SURE_MIN, SURE_MAX = 0.5, LLR_MAX - 0.1  # odds of a confirmed track, whatever is asked for
SHOWN_EARLIER = 1.5  # nats below: possible
AGREED_EARLIER = 1.0  # nats below: where independent witnesses agree
FALSE_MIN_PER_S = 3e-7
RANGE_MIN_M = 50.0


class Report(msgspec.Struct, kw_only=True):
    """What we keep of a person's report, to recognise it and to take it back.

    z: the measurement (sense.py), azimuth NaN where the report has no bearing; None: it has no
    place, or the person is forgotten.
    """

    report_id: str
    person_id: str | None
    witness: str
    t_obs_ns: int
    t_recv_ns: int
    track_id: str | None
    nats: float = 0.0
    load: bool = False
    closing: bool = False
    z: list[float] | None = None
    withdrawn: bool = False

    @property
    def has_bearing(self) -> bool:
        return self.z is not None and not math.isnan(self.z[0])


class Memory(msgspec.Struct):
    """What the tracker keeps besides its columns; all of it is in the snapshot."""

    sensors: list[str] = []  # in the order of their rows in the columns; only grows
    kinds: list[str] = msgspec.field(
        default_factory=lambda: ["person"]
    )  # in the order of the columns of credit; only grows
    reports: dict[str, Report] = {}
    compass: dict[str, tuple[float, float]] = {}  # person -> azimuth error [rad], variance
    told: dict[str, list[str]] = {}  # track_id -> reports of people about it


class Book:
    def __init__(self, settings: CoreSettings, memory: Memory | None = None) -> None:
        o = settings.origin
        self.settings = settings
        self.site = Site(lat_deg=o.lat_deg, lon_deg=o.lon_deg, alt_hae_m=o.alt_hae_m or 0.0)
        self.memory = memory or Memory()
        self.sensors: dict[str, SensorSite] = {s.sensor_id: s for s in settings.sensors}
        self.row: dict[str, int] = {}
        self.kernels = kernels.in_use()
        self.work = empty_work(GROW, ROWS)
        self.work.site[:] = self.site.packed()
        for sensor in settings.sensors:
            if sensor.sensor_id not in self.memory.sensors:
                self.memory.sensors.append(sensor.sensor_id)
            if sensor.kind not in self.memory.kinds and len(self.memory.kinds) < c.KINDS_MAX:
                self.memory.kinds.append(sensor.kind)
        self.cols = empty_cols(GROW, len(self.memory.sensors))
        self.settle()

    @property
    def cols(self) -> Cols:
        return self._cols

    @cols.setter
    def cols(self, cols: Cols) -> None:
        self._cols = cols
        self._fit(len(self.work.read_t))

    def _fit(self, rows: int) -> None:
        """Scratch for all slots and scans of so many rows; the kernels' table anew."""
        if len(self.work.slots) != len(self._cols.order) or len(self.work.read_t) < rows:
            self.work = empty_work(len(self._cols.order), rows)
            self.work.site[:] = self.site.packed()
        self.table = kernels.table_of(self.kernels, self._cols, self.work)

    def settle(self) -> None:
        """The columns of sensors as the settings say; what was learnt stays."""
        self.cols.tally[c.C_LIMIT] = TRACKS_MAX
        self.cols.own[:] = 0
        false = max(self.settings.false_tracks_per_hour, FALSE_MIN_PER_HOUR)
        sure = min(max(math.log(SURE_PER_HOUR / false), SURE_MIN), SURE_MAX)
        self.cols.limits[:] = (max(sure - SHOWN_EARLIER, SURE_MIN), sure, sure - AGREED_EARLIER)
        for k, serial in enumerate(self.settings.own_serials[: c.OWN_MAX]):
            words = np.frombuffer(serial.encode()[:24].ljust(24, b"\0"), "<i4")
            self.cols.own[k] = fingerprint(words, 1)
        for k, sensor_id in enumerate(self.memory.sensors):
            self.row[sensor_id] = k
            sensor = self.sensors.get(sensor_id)
            if sensor is not None:
                self._settle_one(k, sensor)

    def _settle_one(self, k: int, sensor: SensorSite) -> None:
        at = NOWHERE if sensor.position is None else stand_of(self.site, sensor.position)
        f, i = self.cols.sf[k], self.cols.si[k]
        f[c.S_E], f[c.S_N], f[c.S_U], f[c.S_SIGMA] = at
        pd = min(max(sensor.p_detect, P_DETECT_MIN), P_DETECT_MAX)
        f[c.S_PD], f[c.S_LOG_PD] = pd, math.log(pd)
        f[c.S_FALSE] = max(sensor.false_per_hour / 3600.0, FALSE_MIN_PER_S)
        f[c.S_RANGE] = max(sensor.range_max_m, RANGE_MIN_M)
        north = 0.0
        if sensor.position is not None:
            north = convergence(self.site, sensor.position.lon_deg)
        f[c.S_NORTH] = north
        link = f"link/{sensor.link}" if sensor.link else f"sensor/{sensor.sensor_id}"
        i[c.S_LINK] = name_of(link)
        known = self.memory.kinds
        kind = known.index(sensor.kind) if sensor.kind in known else c.KINDS_MAX - 1
        i[c.S_KIND] = kind
        i[c.S_HASH] = name_of(sensor.sensor_id)
        i[c.S_PLACED] = sensor.position is not None
        i[c.S_CLAIMS] = sensor.kind in CLAIMING
        if f[c.S_BIAS_VAR] == 0.0:
            f[c.S_BIAS_VAR], f[c.S_CLOCK_VAR] = BIAS_SIGMA**2, CLOCK_SIGMA_S**2

    def room(self, rows: int) -> None:
        """Before a kernel that is given so many rows, of which each may begin a track."""
        if rows > len(self.work.read_t):
            self._fit(2 * rows)
        cols = self._cols
        if cols.tally[c.C_FREE] >= rows:
            return
        old = len(cols.order)
        cap = min(max(2 * old, old + rows), TRACKS_MAX + SPARE)
        if cap > old:
            self.cols = grown(cols, cap)

    def find(self, track_id: str | None) -> int | None:
        """The slot of a live track."""
        if track_id is None:
            return None
        try:
            track = int(track_id, 16)
        except ValueError:
            return None
        signed = track if track < 1 << 63 else track - (1 << 64)
        likely = int(self.cols.begun[(signed >> 13) & (c.INDEX_SLOTS - 1)])
        if self._is(likely, signed):
            return likely
        live = self.cols.order[: self.cols.tally[c.C_N]]
        at = np.flatnonzero(self.cols.i[live, c.ID] == signed)
        for slot in live[at].tolist():
            if self._is(slot, signed):
                return int(slot)
        return None

    def _is(self, slot: int, track: int) -> bool:
        """Does the live track of this id lie in this slot?"""
        i = self.cols.i
        return bool(i[slot, c.ID] == track and i[slot, c.LIVE] and not i[slot, c.ENDED])

    def track_id(self, slot: int) -> str:
        return hex_id(int(self.cols.i[slot, c.ID]))

    def end(self, slot: int, reason: EndReason) -> None:
        """Hidden from now on; the next advance reports it and takes it away."""
        self.kernels.finish(self.table, slot, CODES[reason])

    def live(self) -> NDArray[np.int64]:
        return self.cols.order[: self.cols.tally[c.C_N]]

    def take_more(self, slot: int, report: Report) -> None:
        assert report.z is not None
        z = np.array(report.z)
        who = owner_of(report.person_id)
        self.kernels.take_more(self.table, slot, z, report.t_obs_ns, who)


def grown(cols: Cols, cap: int) -> Cols:
    """The same tracks in more slots."""
    old = len(cols.order)
    new = empty_cols(cap, len(cols.sf))
    for name, source, target in zip(Cols._fields, cols, new, strict=True):
        if name not in ("free", "tally", "known", "named", "begun", "own", "limits", "sf", "si"):
            target[:old] = source
    n_free = int(cols.tally[c.C_FREE])
    fresh = cap - old
    new.free[:fresh] = np.arange(cap - 1, old - 1, -1)
    new.free[fresh : fresh + n_free] = cols.free[:n_free]
    for name in ("tally", "known", "named", "begun", "own", "limits", "sf", "si"):
        getattr(new, name)[:] = getattr(cols, name)
    new.tally[c.C_FREE] = fresh + n_free
    return new


class _Packed(msgspec.Struct):
    version: str
    memory: Memory
    n: int
    arrays: dict[str, bytes]


def pack(book: Book) -> bytes:
    """The whole state, the same bytes for the same state whatever slots it lies in."""
    cols, live = book.cols, book.live()
    n = len(live)
    arrays: dict[str, Any] = {}
    unused = np.arange(c.PARTS_MAX) >= cols.i[live, c.PARTS][:, None]
    past = np.ones((n, c.RING_MAX), np.bool_)
    beyond = np.arange(c.RING_MAX) >= cols.i[live, c.RING_LEN][:, None]
    for k in range(c.RING_MAX):
        rows = np.flatnonzero(~beyond[:, k])
        past[rows, cols.ring_o[live[rows], k]] = False
    for name in Cols._fields:
        if name in NOT_BY_SLOT:
            continue
        arrays[name] = getattr(cols, name)[live]
    arrays["g"][unused] = 0.0
    arrays["ring_o"][beyond] = 0
    arrays["ring_t"][past] = 0
    arrays["ring_z"][past] = 0.0
    arrays["ring_g"][past] = 0.0
    stale = np.arange(c.STANDS_MAX) >= cols.i[live, c.STANDS][:, None]
    arrays["stands"][stale] = 0.0
    known = np.flatnonzero(cols.known)
    arrays["known_at"], arrays["known"] = known.astype("<u2"), cols.known[known]
    arrays["tally"], arrays["sf"], arrays["si"] = cols.tally, cols.sf, cols.si
    count = arrays["tally"].copy()
    count[c.C_FREE] = 0
    arrays["tally"] = count
    packed = {k: np.ascontiguousarray(v).tobytes() for k, v in arrays.items()}
    return msgspec.msgpack.encode(_Packed(VERSION, book.memory, n, packed))


def unpack(settings: CoreSettings, data: bytes) -> Book:
    """Exact: goes on byte for byte as the one that was packed.

    Raises ValueError for a snapshot of other columns than ours, which another version wrote.
    """
    try:
        found = msgspec.msgpack.decode(data, type=_Packed)
    except msgspec.MsgspecError as e:
        raise ValueError(f"tracker: the snapshot is of another version ({e})") from e
    if found.version != VERSION:
        raise ValueError(f"tracker: the snapshot has columns {found.version}, need {VERSION}")
    book = Book(settings, found.memory)
    n = found.n
    book.cols = cols = empty_cols(max(GROW, n + GROW), len(book.memory.sensors))
    for name in Cols._fields:
        if name in NOT_BY_SLOT:
            continue
        target = getattr(cols, name)
        flat = np.frombuffer(found.arrays[name], target.dtype)
        target[:n] = flat.reshape(n, *target.shape[1:])
    cols.order[:n] = cols.place[:n] = np.arange(n)
    cols.gate[:n, : c.G_T] = cols.f[:n, : c.G_T]
    cols.gate[:n, c.G_T] = cols.i[:n, c.T]
    cols.gate[np.flatnonzero(cols.i[:n, c.ENDED]), c.MEAN_E] = math.inf
    for slot in range(n):
        cols.begun[(int(cols.i[slot, c.ID]) >> 13) & (c.INDEX_SLOTS - 1)] = slot
    cap = len(cols.order)
    cols.tally[:] = np.frombuffer(found.arrays["tally"], np.int64)
    cols.tally[c.C_FREE] = cap - n
    cols.free[: cap - n] = np.arange(cap - 1, n - 1, -1)
    at = np.frombuffer(found.arrays["known_at"], "<u2")
    cols.known[at] = np.frombuffer(found.arrays["known"], np.int64)
    for name, width in (("sf", c.SF_N), ("si", c.SI_N)):
        target = getattr(cols, name)
        flat = np.frombuffer(found.arrays[name], target.dtype).reshape(-1, width)
        target[: len(flat)] = flat
    book.settle()
    return book
