"""A person's report -> the track it supports, or a new one; additions and withdrawals too.

docs/track.md section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.events import SightingPlaced
from vigia.terms import DroneKind
from vigia.track import lifecycle as life
from vigia.track.amend import FIRST_LLR, OTHER_NATS, complete, placed, say, withdraw
from vigia.track.book import Book, Report
from vigia.track.fit import Fit, fit, fit_parts
from vigia.track.gate import near
from vigia.track.initiate import born_bearing, born_present, track_id
from vigia.track.measure import TURN, Polar, Stand
from vigia.track.read import LATE_MAX_NS
from vigia.track.reports import inherit, measured, new_report, remember
from vigia.track.table import Record
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

OLD_MAX_NS = 120_000_000_000  # an older report is recorded and places nothing
UNKNOWN_LLR = -0.5  # somebody we do not know: 0.38
AGAIN_NATS = 0.7  # the same one again: mostly the same mistake again
UNKNOWN_NATS = 0.5
AMBIGUOUS_NATS = 2.0
POSITION_NATS = 3.0  # a track of known place goes before a sector with as good a bearing
SIGHT_M = 1_500.0  # beyond this a person hardly sees a small drone
SIGHT_FADE_M = 300.0
PRESENT_M = 600.0  # "a drone is here" supports a track this near
DRONE_LO = 1.2  # a person says drone


def sight(
    book: Book, body: Sighting, *, t_recv_ns: int, mark: int, position: Position | None
) -> SightingPlaced:
    reports = book.memory.reports
    known = reports.get(body.report_id)
    if body.withdrawn:
        target = known or reports.get(body.refines or "")
        return withdraw(book, body, target)
    if known is not None:
        return placed(book, body, known.track_id, repeat=True)
    base = reports.get(body.refines or "")
    if base is not None and not base.withdrawn and base.track_id in book.table.slot_of:
        return complete(book, body, base, position)
    report = new_report(book, body, t_recv_ns, position)
    if base is not None and not base.withdrawn:
        inherit(report, base, anew=body.bearing is not None)
    remember(book, report)
    if report.stand is not None and t_recv_ns - report.t_obs_ns <= OLD_MAX_NS:
        _place(book, body, report, mark)
    return placed(book, body, report.track_id, repeat=False)


def _place(book: Book, body: Sighting, report: Report, mark: int) -> None:
    z, at = measured(report)
    slots: list[int] = book.shown(mark).tolist()
    hidden: list[int] = book.hidden(mark).tolist()
    slots += [s for s in hidden if book.table.records[s].hits >= 2]
    if z is None:
        slot = _present(book, slots, at)
        if slot is not None:
            _support(book, body, report, slot)
            return
    elif slots:
        scored = _explain(book, slots, z, at)
        if scored:
            _share(book, body, report, scored, z, at)
            return
    _begin(book, body, report, mark, z, at)


def _explain(book: Book, slots: list[int], z: Polar, at: Stand) -> list[tuple[float, int, Fit]]:
    """Tracks the bearing may be of, best first: (nats over "another object", slot, fit)."""
    t = book.table
    close = near(t, np.array(slots, dtype=np.intp), [z], at)
    other = -math.log(TURN) - (math.log(0.8) if z.el == z.el else 0.0)
    out: list[tuple[float, int, Fit]] = []
    for _, j in close:
        slot = slots[j]
        record, t_ns = t.records[slot], int(t.t_ns[slot])
        if record.parts:
            found = fit_parts(record.parts, record.weights, t_ns, z, at)
        else:
            found = fit(t.state(slot), t_ns, z, at)
        far = math.dist(found.g[:2], (at.e_m, at.n_m)) - SIGHT_M
        nats = found.log_density - other - max(far, 0.0) / SIGHT_FADE_M
        nats += min(record.drone_lo, 0.0)
        if found.fits and nats > 0.0:
            out.append((nats + (POSITION_NATS if record.solid else 0.0), slot, found))
    out.sort(key=lambda f: (-f[0], f[1]))
    return out


def _share(
    book: Book,
    body: Sighting,
    report: Report,
    scored: list[tuple[float, int, Fit]],
    z: Polar,
    at: Stand,
) -> None:
    """The best track gets the report; a rival nearly as good is supported too, none is moved."""
    t = book.table
    best, slot, found = scored[0]
    rivals = [s for nats, s, _ in scored[1:] if nats > best - AMBIGUOUS_NATS]
    if not rivals and report.t_recv_ns - z.t_ns <= LATE_MAX_NS:
        book.seen_from(t.records[slot], at, report.person_id or "")
        book.keep(slot, found)
    record = t.records[slot]
    record.azimuth_deg, record.azimuth_sigma_deg = math.degrees(z.az), math.degrees(z.az_sigma)
    for rival in rivals:
        t.records[rival].life_ns = max(
            t.records[rival].life_ns, z.t_ns + int(life.LIFE_BEARING_S * 1e9)
        )
    _support(book, body, report, slot)


def _present(book: Book, slots: list[int], at: Stand) -> int | None:
    t = book.table
    near_by = [
        (math.dist((t.x[0, s], t.x[1, s]), (at.e_m, at.n_m)), s)
        for s in slots
        if t.records[s].drone_lo > -1.0
    ]
    best = min(near_by, default=None)
    return best[1] if best is not None and best[0] <= PRESENT_M else None


def _support(book: Book, body: Sighting, report: Report, slot: int) -> None:
    record = book.table.records[slot]
    report.track_id = record.track_id
    if report.person_id is None:
        report.nats = UNKNOWN_NATS
    else:
        report.nats = AGAIN_NATS if report.witness in record.witnesses else OTHER_NATS
        record.flags &= ~int(TrackFlag.WEAK)
    record.reports.append(report.report_id)
    # a word is worth as much beside a doubtful plot as alone
    record.llr = max(record.llr, FIRST_LLR if report.person_id else UNKNOWN_LLR)
    _credit(book, body, report, slot)


def _credit(book: Book, body: Sighting, report: Report, slot: int) -> None:
    record = book.table.records[slot]
    alone = record.credit.keys() <= {"person"}  # no machine ever saw it
    again = report.witness in record.witnesses
    life.support(
        record,
        book.memory.beats,
        t_obs_ns=report.t_obs_ns,
        t_recv_ns=report.t_recv_ns,
        nats=report.nats,
        life_s=life.LIFE_PERSON_S if alone else life.LIFE_BEARING_S,
        witness=report.witness,
        source="person",
    )
    if body.kind is not DroneKind.OTHER:
        life.lean(record, 0.3 * DRONE_LO if again else DRONE_LO)
    say(book, record)
    book.show(slot, trusted=True)


def _begin(
    book: Book, body: Sighting, report: Report, mark: int, z: Polar | None, at: Stand
) -> None:
    birth = born_present(at) if z is None else born_bearing(z, at, range_max_m=None)
    enrolled = report.person_id is not None
    record = Record(
        track_id=track_id(report.witness, report.t_obs_ns, body.report_id.encode()),
        mark=mark,
        t_first_ns=report.t_obs_ns,
        t_last_ns=report.t_obs_ns,
        t_cause_ns=report.t_recv_ns,
        life_ns=report.t_obs_ns,
        llr=FIRST_LLR if enrolled else UNKNOWN_LLR,
        flags=0 if enrolled else int(TrackFlag.WEAK),
        reports=[report.report_id],
    )
    if z is not None:
        book.seen_from(record, at, report.person_id or "")
        record.azimuth_deg, record.azimuth_sigma_deg = math.degrees(z.az), math.degrees(z.az_sigma)
    slot = book.begin(record, birth, report.t_obs_ns, trusted=True)
    if slot is None:
        return
    report.track_id = record.track_id
    _credit(book, body, report, slot)
