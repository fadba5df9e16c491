"""Observations and sightings -> tracks. The door of the package; the rest of it stays inside.

Own clock: none. A function of what it was given: equal calls give equal bytes, also after
snapshot and restore. docs/track.md holds the equations and where each number comes from.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from vigia.events import Fault, SightingPlaced, TrackEnded, TracksPublished
from vigia.scan import DTYPES, Layout
from vigia.terms import EndReason, TrackStatus
from vigia.track import amend, people, picture
from vigia.track import lifecycle as life
from vigia.track.book import TRACKS_MAX, Book, Memory
from vigia.track.machine import Look, look_polar
from vigia.track.read import read_scan, stand_of
from vigia.track.stated import look_place
from vigia.track.table import Record, Table
from vigia.tracktable import MARKS, Fix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from vigia.events import CoreSettings, Observation, Sighting, TrackJudged
    from vigia.terms import Mark, Position
    from vigia.track.measure import Polar

FRAME_NS = 250_000_000  # rows of one scan within it are one look: an object appears once
DEPARTED_MPS = 3.0


class _Packed(msgspec.Struct):
    x: bytes
    t_ns: bytes
    records: list[Record]
    memory: Memory


class Tracker:
    def __init__(self, settings: CoreSettings) -> None:
        self._book = Book(settings)

    def observe(self, body: Observation, *, t_recv_ns: int, mark: Mark) -> list[Fault]:
        """One sensor's scan; may be late, out of order or a duplicate."""
        book = self._book
        sensor = book.sensors.get(body.sensor_id)
        scan = body.scan
        if sensor is None:
            return [_fault(body.sensor_id, f"sensor {body.sensor_id}: not in the settings")]
        if scan.layout is Layout.POLAR_1 and sensor.position is None:
            what = f"polar scan, but no position; add it to [sensors.{body.sensor_id}]"
            return [_fault(body.sensor_id, what)]
        size = DTYPES[scan.layout].itemsize
        chunks = [scan.data[i : i + size] for i in range(0, len(scan.data), size)]
        own = body.sensor_id.encode() + b"\0"
        keep = [i for i, c in enumerate(chunks) if not book.seen_before(own + c)]
        if not keep:
            return []
        # the order of rows in a scan means nothing: time, then content
        t_obs: list[int] = scan.rows()["t_obs_ns"].tolist()
        keep.sort(key=lambda i: (t_obs[i], chunks[i]))
        read = read_scan(scan, keep, sensor, book.site, t_recv_ns)
        faults = [_fault(body.sensor_id, why, n) for why, n in read.refused.items()]
        at = book.stand(sensor)
        look = Look(book, sensor, at, t_recv_ns=t_recv_ns, mark=MARKS.index(mark.value))
        for frame in _frames(read.polar):
            look_polar(look, frame)
        for place in read.place:
            look_place(look, place)
        if book.memory.dropped:
            what = f"more than {TRACKS_MAX} tracks: the weakest ended or not begun"
            faults.append(_fault(body.sensor_id, what, book.memory.dropped, whose="world"))
            book.memory.dropped = 0
        return faults

    def sight(
        self, body: Sighting, *, t_recv_ns: int, mark: Mark, position: Position | None
    ) -> SightingPlaced:
        """position: where the reporter stands; None: recorded, supports no track."""
        return people.sight(
            self._book,
            body,
            t_recv_ns=t_recv_ns,
            mark=MARKS.index(mark.value),
            position=position,
        )

    def advance(self, t_recv_ns: int) -> list[TrackEnded]:
        """Time passes: tracks without support end. Only tracks that were shown are reported."""
        table, beats = self._book.table, self._book.memory.beats
        for slot, record in enumerate(table.records):
            if record.ended is not None:
                continue
            if record.solid and not life.still_solid(record, t_recv_ns, beats):
                table.touch(slot)
            over = record.life_ns < t_recv_ns or life.doubted(record, t_recv_ns, beats)
            if over and not amend.fall_back(self._book, slot, t_recv_ns):
                self._book.end(slot, self._why(slot, record))
        gone = [i for i, r in enumerate(table.records) if r.ended is not None]
        out = [
            TrackEnded(track_id=r.track_id, reason=r.ended)
            for r in table.records
            if r.ended is not None and r.number
        ]
        if gone:
            table.drop(gone)
        return out

    def judge(self, body: TrackJudged) -> list[TrackEnded]:
        """A named person's word about what a track is."""
        table = self._book.table
        slot = table.slot_of.get(body.track_id)
        if slot is None or table.records[slot].ended is not None:
            return []
        record = table.records[slot]
        if body.is_drone:
            record.drone_lo = life.DRONE_LO_MAX
            record.llr = max(record.llr, life.CONFIRM_LLR)
            record.status = max(record.status, int(TrackStatus.POSSIBLE))
            table.touch(slot)
            return []
        self._book.end(slot, EndReason.FALSE)
        table.drop([slot])
        return [TrackEnded(track_id=body.track_id, reason=EndReason.FALSE)]

    def forget(self, person_id: str) -> None:
        """Erases where this person stood when he reported."""
        amend.forget(self._book, person_id)

    def states(self, t_ns: int) -> NDArray[np.void]:
        """(n,) tracktable.STATE_DTYPE: tracks possible and confirmed, predicted to t_ns."""
        return picture.states(self._book.table, self._book.memory.beats, t_ns)

    def published(self, t_ns: int) -> TracksPublished:
        book = self._book
        return picture.published(book.table, book.memory.beats, book.site, t_ns)

    def sources(self, track_id: str) -> tuple[str, ...]:
        """ "sensor/<kind>" and "person": who supports it, most telling first."""
        slot = self._book.table.slot_of.get(track_id)
        if slot is None:
            return ()
        credit = self._book.table.records[slot].credit
        return tuple(sorted(credit, key=lambda s: (-credit[s], s)))

    def snapshot(self) -> bytes:
        """The whole state; holds people's positions."""
        x, t_ns, records = self._book.table.pack()
        return msgspec.msgpack.encode(_Packed(x, t_ns, records, self._book.memory))

    @classmethod
    def restore(cls, settings: CoreSettings, data: bytes) -> Tracker:
        """Exact: goes on byte for byte as the one that gave the snapshot."""
        found = msgspec.msgpack.decode(data, type=_Packed)
        tracker = cls(settings)
        tracker._book.table = Table.unpack(found.x, found.t_ns, found.records)
        tracker._book.memory = found.memory
        return tracker

    def _why(self, slot: int, record: Record) -> EndReason:
        """DEPARTED only on evidence: last seen beyond every post's watch radius, flying away."""
        book = self._book
        if record.fix != Fix.POSITION or record.status != TrackStatus.CONFIRMED:
            return EndReason.EXPIRED
        e, n, _, ve, vn, _ = book.table.state(slot)[:6]
        for post in book.settings.posts:
            at = stand_of(book.site, post.position)
            de, dn = e - at.e_m, n - at.n_m
            far = math.hypot(de, dn)
            near_by = far <= book.settings.policy.watch_radius_m + post.radius_m
            if near_by or (de * ve + dn * vn) / far < DEPARTED_MPS:
                return EndReason.EXPIRED
        return EndReason.DEPARTED if book.settings.posts else EndReason.EXPIRED


def _frames(zs: list[Polar]) -> list[list[Polar]]:
    """In time order, cut where FRAME_NS has passed since the first of a frame."""
    out: list[list[Polar]] = []
    for z in zs:
        if not out or z.t_ns - out[-1][0].t_ns > FRAME_NS:
            out.append([])
        out[-1].append(z)
    return out


def _fault(sensor_id: str, what: str, count: int = 1, *, whose: str = "peer") -> Fault:
    return Fault(where=f"track/{sensor_id}", whose=whose, what=what, count=count)
