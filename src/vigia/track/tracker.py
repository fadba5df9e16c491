"""Observations and sightings -> tracks. The door of the package; the rest of it stays inside.

Own clock: none. A function of what it was given: equal calls give equal bytes, also after
snapshot and restore. docs/track.md holds the equations and where each number comes from.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vigia.events import Fault, SightingPlaced, TrackEnded, TracksPublished
from vigia.scan import Layout
from vigia.terms import EndReason, Mark, TrackStatus
from vigia.track import amend, people, picture
from vigia.track import layout as c
from vigia.track.book import REASONS, TRACKS_MAX, Book, pack, unpack
from vigia.track.classes import CLASS_MAX
from vigia.track.frame import hex_id, stand_of
from vigia.track.learn import BIAS_SIGMA, CLOCK_SIGMA_S
from vigia.track.read import AHEAD, LATE_MAX_NS, TOO_OLD, UNUSABLE
from vigia.track.slots import MERGED
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import CoreSettings, Observation, Sighting, TrackJudged
    from vigia.terms import Position

DEPARTED_MPS = 3.0
LEARNT = 0.5  # of the spread a sensor's error had at first: less says something was learnt
WHY = {
    TOO_OLD: f"older than {LATE_MAX_NS // 1_000_000_000} s",
    AHEAD: "its clock is ahead of ours",
}
UNUSABLE_OF = {Layout.POLAR_1: "no usable direction", Layout.PLACE_1: "no usable position"}


class Habits(NamedTuple):
    """One sensor as the tracker knows it by now. clock_error_s: its times are late by this."""

    sensor_id: str
    revisit_s: float | None
    strays_per_s: float
    azimuth_error_deg: float
    azimuth_error_sigma_deg: float
    clock_error_s: float
    clock_error_sigma_s: float


class Learnt(NamedTuple):
    """A sensor's errors, each with its 1-sigma; None: nothing learnt yet."""

    azimuth_error_deg: tuple[float, float] | None
    clock_error_s: tuple[float, float] | None


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
        rows = scan.rows()
        book.room(len(rows))
        polar = scan.layout is Layout.POLAR_1
        feed = book.kernels.observe_polar if polar else book.kernels.observe_place
        told = feed(book.table, rows, book.row[body.sensor_id], _mark(mark), t_recv_ns)
        return self._faults(body.sensor_id, scan.layout) if told else []

    def _faults(self, sensor_id: str, layout: Layout) -> list[Fault]:
        """Of the last scan."""
        fate = self._book.work.fate
        why = {**WHY, UNUSABLE: UNUSABLE_OF[layout]}
        faults = [_fault(sensor_id, what, int(fate[k])) for k, what in why.items() if fate[k] > 0]
        count = self._book.cols.tally
        if count[c.C_DROPPED]:
            what = f"more than {TRACKS_MAX} tracks: the weakest ended or not begun"
            faults.append(_fault(sensor_id, what, int(count[c.C_DROPPED]), whose="world"))
            count[c.C_DROPPED] = 0
        return faults

    def sight(
        self, body: Sighting, *, t_recv_ns: int, mark: Mark, position: Position | None
    ) -> SightingPlaced:
        """position: where the reporter stands; None: recorded, supports no track."""
        return people.sight(
            self._book,
            body,
            t_recv_ns=t_recv_ns,
            mark=_mark(mark),
            position=position,
        )

    def advance(self, t_recv_ns: int) -> list[TrackEnded]:
        """Time passes: tracks without support end. Only tracks that were shown are reported."""
        book = self._book
        over = np.empty(int(book.cols.tally[c.C_N]), np.int64)
        n = book.kernels.advance(book.table, t_recv_ns, over)
        for slot in over[:n].tolist():
            if not amend.fall_back(book, slot, t_recv_ns):
                book.end(slot, self._why(slot))
        return self._clear()

    def _clear(self) -> list[TrackEnded]:
        """Frees the slots of what ended; tells of those that were shown."""
        book = self._book
        live = book.live()
        ended = live[book.cols.i[live, c.ENDED] != 0]
        if len(ended) == 0:
            return []
        out: list[TrackEnded] = []
        for slot in ended[book.cols.i[ended, c.NUMBER] > 0].tolist():
            track_id, reason = book.track_id(slot), int(book.cols.i[slot, c.ENDED])
            told = book.memory.told.pop(track_id, [])
            if reason == MERGED and told:
                amend.inherit_reports(book, hex_id(int(book.cols.i[slot, c.T_TWIN])), told)
            if reason in REASONS:
                out.append(TrackEnded(track_id=track_id, reason=REASONS[reason]))
        book.kernels.clear(book.table)
        return out

    def judge(self, body: TrackJudged) -> list[TrackEnded]:
        """A named person's word about what a track is."""
        book = self._book
        slot = book.find(body.track_id)
        if slot is None:
            return []
        i, f = book.cols.i[slot], book.cols.f[slot]
        if body.is_drone:
            book.kernels.believe(book.table, slot, 2.0 * CLASS_MAX)
            f[c.LLR] = max(f[c.LLR], book.cols.limits[c.L_CONFIRM])
            i[c.STATUS] = max(i[c.STATUS], int(TrackStatus.POSSIBLE))
            return []
        book.end(slot, EndReason.FALSE)
        return self._clear()

    def forget(self, person_id: str) -> None:
        """Erases where this person stood when he reported."""
        amend.forget(self._book, person_id)

    def states(self, t_ns: int) -> NDArray[np.void]:
        """(n,) tracktable.STATE_DTYPE: tracks possible and confirmed, predicted to t_ns."""
        return picture.states(self._book, t_ns)

    def published(self, t_ns: int) -> TracksPublished:
        return picture.published(self._book, t_ns)

    def sources(self, track_id: str) -> tuple[str, ...]:
        """ "sensor/<kind>" and "person": who supports it, most telling first."""
        book = self._book
        slot = book.find(track_id)
        if slot is None:
            return ()
        nats = book.cols.f[slot, c.CREDIT : c.CREDIT + c.KINDS_MAX].tolist()
        names = ["person", *(f"sensor/{kind}" for kind in book.memory.kinds[1:])]
        kinds = int(book.cols.i[slot, c.KINDS])
        found = [k for k in range(len(names)) if kinds >> k & 1]
        return tuple(names[k] for k in sorted(found, key=lambda k: (-nats[k], names[k])))

    def habits(self) -> list[Habits]:
        """What was learnt of each sensor, in the order of the settings."""
        book = self._book
        out: list[Habits] = []
        for sensor_id in book.sensors:
            k = book.row[sensor_id]
            f = [float(v) for v in book.cols.sf[k]]
            out.append(
                Habits(
                    sensor_id=sensor_id,
                    revisit_s=f[c.S_REVISIT] or None,
                    strays_per_s=f[c.S_STRAY],
                    azimuth_error_deg=math.degrees(f[c.S_BIAS]),
                    azimuth_error_sigma_deg=math.degrees(math.sqrt(f[c.S_BIAS_VAR])),
                    clock_error_s=f[c.S_CLOCK],
                    clock_error_sigma_s=math.sqrt(f[c.S_CLOCK_VAR]),
                )
            )
        return out

    def learnt(self) -> dict[str, Learnt]:
        """By sensor, of those of which something was learnt."""
        out: dict[str, Learnt] = {}
        for h in self.habits():
            turn, clock = h.azimuth_error_sigma_deg, h.clock_error_sigma_s
            found = Learnt(
                (h.azimuth_error_deg, turn) if turn < LEARNT * math.degrees(BIAS_SIGMA) else None,
                (h.clock_error_s, clock) if clock < LEARNT * CLOCK_SIGMA_S else None,
            )
            if found != (None, None):
                out[h.sensor_id] = found
        return out

    def strays(self) -> dict[str, float]:
        """Rows a second of each sensor that no track claims."""
        row, stray = self._book.row, self._book.cols.sf[:, c.S_STRAY]
        return {sensor_id: float(stray[row[sensor_id]]) for sensor_id in self._book.sensors}

    def snapshot(self) -> bytes:
        """The whole state; holds people's positions."""
        return pack(self._book)

    @classmethod
    def restore(cls, settings: CoreSettings, data: bytes) -> Tracker:
        """Exact: goes on byte for byte as the one that gave the snapshot."""
        tracker = cls.__new__(cls)
        tracker._book = unpack(settings, data)
        return tracker

    def _why(self, slot: int) -> EndReason:
        """DEPARTED only on evidence: last seen beyond every post's watch radius, flying away."""
        book = self._book
        i, f = book.cols.i[slot], book.cols.f[slot]
        if i[c.FIX] != Fix.POSITION or i[c.STATUS] != TrackStatus.CONFIRMED:
            return EndReason.EXPIRED
        e, n = float(f[c.MEAN_E]), float(f[c.MEAN_N])
        ve, vn = float(f[c.MEAN_VE]), float(f[c.MEAN_VN])
        for post in book.settings.posts:
            at = stand_of(book.site, post.position)
            de, dn = e - at.e_m, n - at.n_m
            far = math.hypot(de, dn)
            near_by = far <= book.settings.policy.watch_radius_m + post.radius_m
            if near_by or (de * ve + dn * vn) / far < DEPARTED_MPS:
                return EndReason.EXPIRED
        return EndReason.DEPARTED if book.settings.posts else EndReason.EXPIRED


def _mark(mark: Mark) -> int:
    """Index into tracktable.MARKS; the hash of an Enum is slow."""
    return 0 if mark is Mark.ACTUAL else 1 if mark is Mark.EXERCISE else 2


def _fault(sensor_id: str, what: str, count: int = 1, *, whose: str = "peer") -> Fault:
    return Fault(where=f"track/{sensor_id}", whose=whose, what=what, count=count)
