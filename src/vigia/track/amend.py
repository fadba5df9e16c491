"""Additions, withdrawals, forgetting -> tracks as if people had told so at once.

docs/track.md section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.events import SightingPlaced
from vigia.terms import EndReason, Motion, TrackStatus
from vigia.track import lifecycle as life
from vigia.track.book import Book, Report
from vigia.track.fit import fit, fit_parts
from vigia.track.initiate import Birth, born_bearing, born_present
from vigia.track.kalman import largest_sigma_m
from vigia.track.reports import measured, polar_of, remember
from vigia.tracktable import Fix, TrackFlag

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position
    from vigia.track.table import Record

FIRST_LLR = 1.0  # one enrolled person's word: 0.73
OTHER_NATS = 3.0  # another witness agrees
NOBODY = [0.0] * 6 + [1.0] * 21  # a state that tells of no place
OUTLASTS_NS = 5_000_000_000  # machines saw it on: theirs is the last word


def fall_back(book: Book, slot: int, t_recv_ns: int) -> bool:
    """A track is about to end: back to the sector people saw, if they saw it when machines no
    longer did. What a person says is not undone by a machine that was of another opinion."""
    record = book.table.records[slot]
    reports = [r for r in map(book.memory.reports.get, record.reports) if r is not None]
    newest = max((r.t_obs_ns for r in reports if r.stand is not None), default=0)
    lives_ns = newest + int(life.LIFE_PERSON_S * 1e9)
    alone = record.credit.keys() <= {"person"}
    if alone or lives_ns < t_recv_ns or record.t_last_ns > newest + OUTLASTS_NS:
        return False
    record.witnesses = {r.witness: r.t_obs_ns for r in reports}
    record.credit = {"person": sum(r.nats for r in reports)}
    record.llr = FIRST_LLR + OTHER_NATS * (len(record.witnesses) - 1)
    record.seen_by.clear()
    record.solid = False
    record.life_ns = lives_ns
    if len(record.witnesses) < 2:
        record.status = int(TrackStatus.POSSIBLE)
    _rebuild(book, slot)
    book.table.touch(slot)
    return True


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
            record.parts, record.weights = [], []
            book.table.put(slot, list(NOBODY), int(book.table.t_ns[slot]))


def placed(book: Book, body: Sighting, found: str | None, *, repeat: bool) -> SightingPlaced:
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


def say(book: Book, record: Record) -> None:
    """LOAD and CLOSING as long as a report that stands says so."""
    said = 0
    for report_id in record.reports:
        report = book.memory.reports.get(report_id)
        if report is not None and not report.withdrawn:
            said |= int(TrackFlag.LOAD) if report.load else 0
            said |= int(TrackFlag.CLOSING) if report.closing else 0
    record.said = said


def complete(book: Book, body: Sighting, base: Report, position: Position | None) -> SightingPlaced:
    """A second press about the same drone: what it adds counts, the drone counts once."""
    slot = book.table.slot_of[base.track_id or ""]
    record = book.table.records[slot]
    base.load = base.load or body.load is True
    closing = body.motion is Motion.TOWARDS_ME and base.person_id is not None
    base.closing = base.closing or closing
    if body.bearing is not None and base.stand is not None and position is not None:
        base.polar = polar_of(book, body, base.t_obs_ns, position)
        _rebuild(book, slot)
    say(book, record)
    book.table.touch(slot)
    again = Report(
        report_id=body.report_id,
        person_id=base.person_id,
        witness=base.witness,
        t_obs_ns=base.t_obs_ns,
        t_recv_ns=base.t_recv_ns,
        track_id=base.track_id,
    )
    remember(book, again)
    return placed(book, body, base.track_id, repeat=False)


def withdraw(book: Book, body: Sighting, report: Report | None) -> SightingPlaced:
    """Takes a report back: its credit, its flags, and where only people saw it, its bearing."""
    if report is None or report.withdrawn:
        return placed(book, body, None, repeat=report is not None)
    report.withdrawn = True
    slot = book.table.slot_of.get(report.track_id or "")
    if slot is None or book.table.records[slot].ended is not None:
        return placed(book, body, None, repeat=False)
    record = book.table.records[slot]
    reports = book.memory.reports
    record.reports = [r for r in record.reports if r != report.report_id]
    record.llr -= report.nats
    left = [reports[r] for r in record.reports if r in reports]
    if all(r.witness != report.witness for r in left):
        record.witnesses.pop(report.witness, None)
    if not left:
        record.credit.pop("person", None)
    say(book, record)
    if not record.credit:
        book.end(slot, EndReason.FALSE)
    else:
        _rebuild(book, slot)
        book.table.touch(slot)
    return placed(book, body, None, repeat=False)


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
        z, at = measured(report)
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
