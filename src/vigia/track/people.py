"""A person's report -> the track it supports, or a new one; additions and withdrawals too.

docs/track.md section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.events import SightingPlaced
from vigia.scan import Flag
from vigia.terms import DroneKind, EndReason, Motion, Sense
from vigia.track import lifecycle as life
from vigia.track.book import REPORTS_MAX, Book, Report
from vigia.track.fit import Fit, fit, fit_parts
from vigia.track.gate import near
from vigia.track.initiate import Birth, born_bearing, born_present, track_id
from vigia.track.kalman import largest_sigma_m
from vigia.track.measure import NAN, TURN, Polar, Stand
from vigia.track.read import LATE_MAX_NS, convergence, stand_of
from vigia.track.table import Record
from vigia.tracktable import Fix, TrackFlag

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

STAND_SIGMA_M = 15.0  # of a phone that states no accuracy
SIGMA_MIN = math.radians(5.0)  # no hand points better, whatever the compass says
OLD_MAX_NS = 120_000_000_000  # an older report is recorded and places nothing
FIRST_LLR = 1.0  # one enrolled person's word: 0.73
UNKNOWN_LLR = -0.5  # somebody we do not know: 0.38
OTHER_NATS = 3.0  # another witness agrees
AGAIN_NATS = 0.7  # the same one again: mostly the same mistake again
UNKNOWN_NATS = 0.5
AMBIGUOUS_NATS = 2.0
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
        return _withdraw(book, body, target)
    if known is not None:
        return _placed(book, body, known.track_id, repeat=True)
    base = reports.get(body.refines or "")
    if base is not None and not base.withdrawn and base.track_id in book.table.slot_of:
        return _complete(book, body, base, position)
    report = _report(book, body, t_recv_ns, position)
    _remember(book, report)
    if report.stand is not None and t_recv_ns - report.t_obs_ns <= OLD_MAX_NS:
        _place(book, body, report, mark)
    return _placed(book, body, report.track_id, repeat=False)


def forget(book: Book, person_id: str) -> None:
    """Erases where this person stood: his reports' stands, and sectors that only he saw."""
    for report in book.memory.reports.values():
        if report.person_id == person_id:
            report.stand = report.polar = None
    for slot, record in enumerate(book.table.records):
        record.stands = [s for s in record.stands if s[2] != person_id]
        his = record.credit.keys() == {"person"} and record.witnesses.keys() == {
            f"person/{person_id}"
        }
        if his and record.fix == Fix.SECTOR and record.ended is None:
            book.end(slot, EndReason.EXPIRED)


def _placed(book: Book, body: Sighting, found: str | None, *, repeat: bool) -> SightingPlaced:
    slot = book.table.slot_of.get(found or "")
    record = None if slot is None else book.table.records[slot]
    if record is not None and record.ended is not None:
        record = None
    return SightingPlaced(
        report_id=body.report_id,
        person_id=body.person_id,
        track_id=None if record is None else record.track_id,
        number=None if record is None else record.number,
        repeat=repeat,
    )


def _remember(book: Book, report: Report) -> None:
    reports = book.memory.reports
    reports[report.report_id] = report
    if len(reports) > REPORTS_MAX:
        del reports[next(iter(reports))]


def _report(book: Book, body: Sighting, t_recv_ns: int, position: Position | None) -> Report:
    t_obs = min(body.t_obs_ns, t_recv_ns)
    report = Report(
        report_id=body.report_id,
        person_id=body.person_id,
        witness=f"person/{body.person_id}" if body.person_id else "unknown",
        t_obs_ns=t_obs,
        t_recv_ns=t_recv_ns,
        track_id=None,
        load=body.load is True,
        closing=body.motion is Motion.TOWARDS_ME and body.person_id is not None,
    )
    if position is not None:
        t_sigma = min(max(body.t_sigma_s, 0.0), 30.0) if math.isfinite(body.t_sigma_s) else 1.0
        stand = stand_of(book.site, position, t_sigma_s=t_sigma, sigma_m=STAND_SIGMA_M)
        report.stand = stand
        report.polar = _polar(book, body, t_obs, position)
    return report


def _polar(book: Book, body: Sighting, t_obs_ns: int, position: Position) -> Polar | None:
    b = body.bearing
    if b is None:
        return None
    own = math.radians(book.settings.person_sigma_deg)
    sigma = max(math.radians(b.sigma_deg), SIGMA_MIN)
    el = NAN if b.elevation_deg is None else math.radians(b.elevation_deg)
    if not -0.5 * math.pi <= el <= 0.5 * math.pi:
        el = NAN
    el_sigma = own if b.elevation_sigma_deg is None else math.radians(b.elevation_sigma_deg)
    if not el_sigma > 0.0:
        el_sigma = own
    az = (math.radians(b.azimuth_deg_true) - convergence(book.site, position.lon_deg)) % TURN
    heard = int(Flag.HEARD) if body.sense is Sense.HEARD else 0
    if heard:
        sigma = max(sigma, own)
    el_sigma = max(el_sigma, SIGMA_MIN)
    return Polar(t_obs_ns, az, sigma, el, el_sigma, NAN, NAN, NAN, NAN, heard)


def _measured(report: Report) -> tuple[Polar | None, Stand]:
    assert report.stand is not None
    return report.polar, report.stand


def _place(book: Book, body: Sighting, report: Report, mark: int) -> None:
    z, at = _measured(report)
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
            out.append((nats, slot, found))
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
    _say(book, record)
    book.show(slot, trusted=True)


def _say(book: Book, record: Record) -> None:
    """LOAD and CLOSING as long as a report that stands says so."""
    said = 0
    for report_id in record.reports:
        report = book.memory.reports.get(report_id)
        if report is not None and not report.withdrawn:
            said |= int(TrackFlag.LOAD) if report.load else 0
            said |= int(TrackFlag.CLOSING) if report.closing else 0
    record.said = said


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


def _complete(
    book: Book, body: Sighting, base: Report, position: Position | None
) -> SightingPlaced:
    """A second press about the same drone: what it adds counts, the drone counts once."""
    slot = book.table.slot_of[base.track_id or ""]
    record = book.table.records[slot]
    base.load = base.load or body.load is True
    closing = body.motion is Motion.TOWARDS_ME and base.person_id is not None
    base.closing = base.closing or closing
    if body.bearing is not None and base.stand is not None and position is not None:
        base.polar = _polar(book, body, base.t_obs_ns, position)
        _rebuild(book, slot)
    _say(book, record)
    book.table.touch(slot)
    again = Report(
        report_id=body.report_id,
        person_id=base.person_id,
        witness=base.witness,
        t_obs_ns=base.t_obs_ns,
        t_recv_ns=base.t_recv_ns,
        track_id=base.track_id,
    )
    _remember(book, again)
    return _placed(book, body, base.track_id, repeat=False)


def _withdraw(book: Book, body: Sighting, report: Report | None) -> SightingPlaced:
    """Takes a report back: its credit, its flags, and where only people saw it, its bearing."""
    if report is None or report.withdrawn:
        return _placed(book, body, None, repeat=report is not None)
    report.withdrawn = True
    slot = book.table.slot_of.get(report.track_id or "")
    if slot is None or book.table.records[slot].ended is not None:
        return _placed(book, body, None, repeat=False)
    record = book.table.records[slot]
    reports = book.memory.reports
    record.reports = [r for r in record.reports if r != report.report_id]
    record.llr -= report.nats
    left = [reports[r] for r in record.reports if r in reports]
    if all(r.witness != report.witness for r in left):
        record.witnesses.pop(report.witness, None)
    if not left:
        record.credit.pop("person", None)
    _say(book, record)
    if not record.credit:
        book.end(slot, EndReason.FALSE)
    else:
        _rebuild(book, slot)
        book.table.touch(slot)
    return _placed(book, body, None, repeat=False)


def _rebuild(book: Book, slot: int) -> None:
    """The state anew from the reports that stand, where people alone made it."""
    record = book.table.records[slot]
    if record.credit.keys() != {"person"}:
        return
    reports = book.memory.reports
    stand = [reports[r] for r in record.reports if r in reports and reports[r].stand is not None]
    record.stands, record.ranged = [], False
    birth: Birth | None = None
    t_ns = record.t_first_ns
    for report in sorted(stand, key=lambda r: (r.polar is None, r.t_obs_ns, r.report_id)):
        z, at = _measured(report)
        if z is None:
            birth = birth or born_present(at)
            continue
        book.seen_from(record, at, report.person_id or "")
        record.azimuth_deg, record.azimuth_sigma_deg = math.degrees(z.az), math.degrees(z.az_sigma)
        if birth is None:
            birth, t_ns = born_bearing(z, at, range_max_m=None), z.t_ns
            continue
        found = (
            fit_parts(birth.parts, birth.weights, t_ns, z, at)
            if birth.parts
            else fit(birth.g, t_ns, z, at)
        )
        birth, t_ns = Birth(found.g, found.parts, found.weights), found.t_ns
    if birth is not None:
        record.parts, record.weights = birth.parts, birth.weights
        book.table.put(slot, birth.g, t_ns)
        life.settle_fix(record, largest_sigma_m(birth.g))
