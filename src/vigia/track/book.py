"""All state of the tracker in one place: begin, credit, show and end a track -> the table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from vigia.geo import Site
from vigia.terms import EndReason
from vigia.track import lifecycle as life
from vigia.track.fit import Fit
from vigia.track.initiate import Birth
from vigia.track.kalman import Packed, flow, largest_sigma_m, motion
from vigia.track.measure import Place, Polar, Stand
from vigia.track.read import stand_of
from vigia.track.table import Record, Table
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import CoreSettings, SensorSite

TRACKS_MAX = 10_000
ENDED_MAX = 2_000  # ended ones that wait for the next advance
ROWS_KNOWN_MAX = 32_768  # rows remembered to recognise a duplicate
REPORTS_MAX = 4_096  # people's reports remembered for retries, additions and withdrawals
STANDS_MAX = 8
APART_M = 30.0  # two observers nearer than this do not cross their bearings
ADOPT_NIS_MAX = 9.0  # a new fix this near (squared sigmas) to a sector is what the sector saw

NOWHERE = Stand(0.0, 0.0, 0.0)


class Report(msgspec.Struct, kw_only=True):
    """What we keep of a person's report, to recognise it and to take it back."""

    report_id: str
    person_id: str | None
    witness: str
    t_obs_ns: int
    t_recv_ns: int
    track_id: str | None
    nats: float = 0.0
    load: bool = False
    closing: bool = False
    polar: Polar | None = None
    stand: Stand | None = None
    withdrawn: bool = False


class Memory(msgspec.Struct):
    """What the tracker keeps besides its table; all of it is in the snapshot."""

    next_number: int = 1
    known_rows: dict[bytes, None] = {}
    identities: dict[str, str] = {}  # space and name of a stated identity -> track_id
    beats: dict[str, life.Beat] = {}
    reports: dict[str, Report] = {}
    dropped: int = 0  # tracks ended for want of room since the last fault


class Book:
    def __init__(self, settings: CoreSettings) -> None:
        o = settings.origin
        self.settings = settings
        self.site = Site(lat_deg=o.lat_deg, lon_deg=o.lon_deg, alt_hae_m=o.alt_hae_m or 0.0)
        self.sensors: dict[str, SensorSite] = {s.sensor_id: s for s in settings.sensors}
        self._stands: dict[str, Stand] = {}
        self.table = Table()
        self.memory = Memory()

    def seen_before(self, key: bytes) -> bool:
        known = self.memory.known_rows
        if key in known:
            return True
        known[key] = None
        if len(known) > ROWS_KNOWN_MAX:
            del known[next(iter(known))]
        return False

    def shown(self, mark: int) -> NDArray[np.intp]:
        """Slots of the tracks of this mark that people see."""
        t = self.table
        return np.flatnonzero((t.status[: t.n] > 0) & (t.mark[: t.n] == mark))

    def hidden(self, mark: int) -> NDArray[np.intp]:
        """Slots of those nobody sees yet."""
        t = self.table
        return np.flatnonzero((t.status[: t.n] == 0) & (t.mark[: t.n] == mark))

    def stand(self, sensor: SensorSite) -> Stand:
        """Where a sensor stands; (0, 0, 0) for one without a place of its own."""
        found = self._stands.get(sensor.sensor_id)
        if found is None:
            found = NOWHERE if sensor.position is None else stand_of(self.site, sensor.position)
            self._stands[sensor.sensor_id] = found
        return found

    def begin(self, record: Record, birth: Birth, t_ns: int, *, trusted: bool) -> int | None:
        """A new track's slot; None: there is one of this id already, or no room for it."""
        t = self.table
        if record.track_id in t.slot_of or not self._room(trusted):
            return None
        record.parts, record.weights = birth.parts, birth.weights
        life.settle_fix(record, largest_sigma_m(birth.g))
        return t.add(record, birth.g, t_ns)

    def _room(self, trusted: bool) -> bool:
        """At TRACKS_MAX a plot begins no track; a person or a stated place ends the weakest."""
        t = self.table
        if t.n < TRACKS_MAX:
            return True
        self.memory.dropped += 1
        if not trusted or t.n >= TRACKS_MAX + ENDED_MAX:
            return False
        live = [i for i, r in enumerate(t.records) if r.ended is None]
        weakest = min(live, key=lambda i: (t.records[i].status, t.records[i].llr), default=None)
        if weakest is not None:
            self.end(weakest, EndReason.EXPIRED)
        return True

    def end(self, slot: int, reason: EndReason) -> None:
        """Hidden from now on; the next advance reports it and takes it away."""
        record = self.table.records[slot]
        record.ended = reason
        for space, name in record.names.items():
            if self.memory.identities.get(space + name) == record.track_id:
                del self.memory.identities[space + name]
        self.table.touch(slot)

    def show(self, slot: int, *, trusted: bool) -> int:
        """Raises the status; a track shown first gets a number, or becomes the sector that
        already has one. -> its slot (another one if a sector adopted it)."""
        t = self.table
        record = t.records[slot]
        if life.promote(record, trusted=trusted):
            sector = self._sector_of(slot) if record.fix == Fix.POSITION else None
            if sector is not None:
                slot = self._adopt(sector, slot)
            else:
                record.number = self.memory.next_number
                self.memory.next_number += 1
        t.touch(slot)
        return slot

    def keep(self, slot: int, found: Fit) -> None:
        """The state after a measurement."""
        t = self.table
        record = t.records[slot]
        record.parts, record.weights = found.parts, found.weights
        t.put(slot, found.g, found.t_ns)
        life.settle_fix(record, largest_sigma_m(found.g))

    def credit(
        self,
        slot: int,
        z: Polar | Place,
        *,
        t_recv_ns: int,
        nats: float,
        life_s: float,
        witness: str,
        source: str,
    ) -> None:
        record = self.table.records[slot]
        life.support(
            record,
            self.memory.beats,
            t_obs_ns=z.t_ns,
            t_recv_ns=t_recv_ns,
            nats=nats,
            life_s=life_s,
            witness=witness,
            source=source,
        )
        life.believe(record, p_drone=z.p_drone, row_flags=z.flags)
        self.table.touch(slot)

    def seen_from(self, record: Record, at: Stand, person_id: str) -> None:
        """Remembers where a bearing was taken; a second place far enough makes it a crossing."""
        for e, n, _ in record.stands:
            if (e - at.e_m) ** 2 + (n - at.n_m) ** 2 < APART_M * APART_M:
                return
        if len(record.stands) < STANDS_MAX:
            record.stands.append((at.e_m, at.n_m, person_id))
            if len(record.stands) > 1:
                record.ranged = True

    def _sector_of(self, slot: int) -> int | None:
        """The one shown sector whose bearings the new position explains; None: none or several."""
        t = self.table
        g, t_ns = t.state(slot), int(t.t_ns[slot])
        found: list[int] = []
        shown = self.shown(int(t.mark[slot]))
        sectors: list[int] = shown[t.sector[shown]].tolist()
        for i in sectors:
            record = t.records[i]
            if i == slot or record.fix != Fix.SECTOR or record.names:
                continue
            if _explains(g, t_ns, t, i, record):
                found.append(i)
        return found[0] if len(found) == 1 else None

    def _adopt(self, sector: int, slot: int) -> int:
        """The sector takes over the new track's state and evidence; the new one vanishes unseen."""
        t = self.table
        old, new = t.records[sector], t.records[slot]
        old.llr = min(max(old.llr, 0.0) + max(new.llr, 0.0), life.LLR_MAX)
        old.hits += new.hits
        old.t_last_ns = max(old.t_last_ns, new.t_last_ns)
        old.t_ranged_ns = new.t_ranged_ns
        old.t_cause_ns, old.life_ns = new.t_cause_ns, new.life_ns
        old.drone_lo = max(old.drone_lo, new.drone_lo)
        old.flags |= new.flags
        old.witnesses |= new.witnesses
        old.seen_by |= new.seen_by
        for source, nats in new.credit.items():
            old.credit[source] = old.credit.get(source, 0.0) + nats
        old.parts, old.weights, old.ranged, old.solid = [], [], True, True
        old.fix = int(Fix.POSITION)
        old.serial, old.names, old.stated = new.serial, new.names, new.stated
        self.end(slot, EndReason.EXPIRED)
        for space, name in new.names.items():
            self.memory.identities[space + name] = old.track_id
        life.promote(old, trusted=True)
        t.put(sector, t.state(slot), int(t.t_ns[slot]))
        t.touch(sector)
        return sector


def _explains(g: Packed, t_ns: int, t: Table, i: int, record: Record) -> bool:
    """Does position state g lie where sector i says its drone is?"""
    parts = record.parts or [t.state(i)]
    dt = (int(t.t_ns[i]) - t_ns) / 1e9
    if abs(dt) > 12.0:
        return False
    here = flow(g, motion(dt))
    best = math.inf
    for part in parts:
        de, dn = here[0] - part[0], here[1] - part[1]
        a, b, d = here[6] + part[6], here[7] + part[7], here[12] + part[12]
        det = a * d - b * b
        if det > 0.0:
            best = min(best, (d * de * de - 2.0 * b * de * dn + a * dn * dn) / det)
    return best <= ADOPT_NIS_MAX
