"""Additions, withdrawals, forgetting -> tracks as if people had told so at once.

docs/track.md section 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.events import SightingPlaced
from vigia.terms import EndReason, Motion, TrackStatus
from vigia.track import layout as c
from vigia.track import living as life
from vigia.track.book import PERSON, Book, Report
from vigia.track.frame import name_of, owner_of
from vigia.track.fuse import restart_ring
from vigia.track.reports import measured, remember
from vigia.track.witness import FIRST_LLR, OTHER_NATS
from vigia.tracktable import Fix, TrackFlag

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

OUTLASTS_NS = 5_000_000_000  # machines saw it on: theirs is the last word
LIFE_PERSON_NS = int(life.LIFE_PERSON_S * 1e9)


def told(book: Book, slot: int) -> list[Report]:
    """Reports of people about this track that stand and are remembered."""
    names = book.memory.told.get(book.track_id(slot), [])
    found = (book.memory.reports.get(name) for name in names)
    return [r for r in found if r is not None and not r.withdrawn]


def inherit_reports(book: Book, heir: str, names: list[str]) -> None:
    """Reports about a track that turned out to be another's twin are about that one."""
    slot = book.find(heir)
    if slot is None:
        return
    book.memory.told.setdefault(heir, []).extend(names)
    for name in names:
        report = book.memory.reports.get(name)
        if report is not None:
            report.track_id = heir
    say(book, slot)


def fall_back(book: Book, slot: int, t_recv_ns: int) -> bool:
    """A track is about to end: back to the sector people saw, if they saw it when machines no
    longer did. What a person says is not undone by a machine that was of another opinion."""
    reports = told(book, slot)
    i, f = book.cols.i[slot], book.cols.f[slot]
    newest = max((r.t_obs_ns for r in reports if r.z is not None), default=0)
    lives_ns = newest + LIFE_PERSON_NS
    late = lives_ns < t_recv_ns or int(i[c.T_LAST]) > newest + OUTLASTS_NS
    if life.only_people(book.cols, slot) or late:
        return False
    book.cols.wit[slot] = 0
    seen = {r.witness: r.t_obs_ns for r in reports}
    for k, (witness, t_ns) in enumerate(list(seen.items())[-c.WITNESS_MAX :]):
        book.cols.wit[slot, k] = (name_of(witness) + 1, t_ns)
    book.cols.i[slot, c.KINDS] = c.MEASURED | 1 << PERSON
    f[c.CREDIT : c.CREDIT + c.KINDS_MAX] = 0.0
    f[c.CREDIT + PERSON] = sum(r.nats for r in reports)
    f[c.LLR] = FIRST_LLR + OTHER_NATS * (len(seen) - 1)
    book.cols.seen[slot] = 0
    i[c.SOLID] = 0
    i[c.LIFE] = lives_ns
    if len(seen) < 2:
        i[c.STATUS] = int(TrackStatus.POSSIBLE)
    rebuild(book, slot)
    return True


def forget(book: Book, person_id: str) -> None:
    """Erases where this person stood: his reports' stands, and sectors that only he saw."""
    for report in book.memory.reports.values():
        if report.person_id == person_id:
            report.z = None
    book.memory.compass.pop(person_id, None)
    who, witness = owner_of(person_id), name_of(f"person/{person_id}") + 1
    cols = book.cols
    for slot in book.live().tolist():
        n = int(cols.i[slot, c.STANDS])
        keep = cols.stands[slot, :n][cols.stands[slot, :n, 2] != who]
        cols.stands[slot] = 0.0
        cols.stands[slot, : len(keep)] = keep
        cols.i[slot, c.STANDS] = len(keep)
        links = cols.wit[slot, :, 0]
        if witness in links.tolist():
            _forget_ring(book, slot)
        his = life.only_people(book.cols, slot) and set(links[links != 0].tolist()) == {witness}
        if his and cols.i[slot, c.FIX] == Fix.SECTOR and not cols.i[slot, c.ENDED]:
            book.end(slot, EndReason.EXPIRED)
            _erase(book, slot)


def _forget_ring(book: Book, slot: int) -> None:
    """The state stays; what it was made of, and so where people stood, is no longer known."""
    cols = book.cols
    cols.ring_z[slot] = 0.0
    cols.ring_t[slot] = cols.ring_o[slot] = 0
    cols.i[slot, c.RING_LEN] = 0
    if not cols.i[slot, c.IS_SECTOR] and cols.i[slot, c.PARTS]:
        restart_ring(cols, slot)


def _erase(book: Book, slot: int) -> None:
    """Nothing that tells of a place is left of an ended track."""
    cols = book.cols
    cols.g[slot] = cols.ring_g[slot] = 0.0
    cols.ring_z[slot] = 0.0
    cols.gate[cols.place[slot]] = 0.0
    cols.gate[cols.place[slot], c.MEAN_E] = math.inf
    cols.i[slot, c.RING_LEN] = cols.i[slot, c.PARTS] = 0
    cols.f[slot, c.MEAN_E : c.SIGMA_M + 1] = 0.0
    cols.f[slot, c.AZ_DEG] = math.nan


def placed(book: Book, body: Sighting, slot: int | None, *, repeat: bool) -> SightingPlaced:
    """slot: of the live track that the report supports."""
    return SightingPlaced(
        report_id=body.report_id,
        person_id=body.person_id,
        track_id=None if slot is None else book.track_id(slot),
        number=None if slot is None else int(book.cols.i[slot, c.NUMBER]),
        repeat=repeat,
    )


def say(book: Book, slot: int) -> None:
    """LOAD and CLOSING as long as a report that stands says so."""
    said = 0
    for report in told(book, slot):
        said |= int(TrackFlag.LOAD) if report.load else 0
        said |= int(TrackFlag.CLOSING) if report.closing else 0
    book.cols.i[slot, c.SAID] = said


def complete(book: Book, body: Sighting, base: Report, position: Position | None) -> SightingPlaced:
    """A second press about the same drone: what it adds counts, the drone counts once."""
    slot = book.find(base.track_id)
    assert slot is not None, "the caller found it"
    base.load = base.load or body.load is True
    closing = body.motion is Motion.TOWARDS_ME and base.person_id is not None
    base.closing = base.closing or closing
    if body.bearing is not None and base.z is not None and position is not None:
        base.z = measured(book, body, position)
        rebuild(book, slot)
    say(book, slot)
    again = Report(
        report_id=body.report_id,
        person_id=base.person_id,
        witness=base.witness,
        t_obs_ns=base.t_obs_ns,
        t_recv_ns=base.t_recv_ns,
        track_id=base.track_id,
    )
    remember(book, again)
    return placed(book, body, slot, repeat=False)


def withdraw(book: Book, body: Sighting, report: Report | None) -> SightingPlaced:
    """Takes a report back: its credit, its flags, and where only people saw it, its bearing."""
    if report is None or report.withdrawn:
        return placed(book, body, None, repeat=report is not None)
    report.withdrawn = True
    slot = book.find(report.track_id)
    if slot is None:
        return placed(book, body, None, repeat=False)
    cols = book.cols
    cols.f[slot, c.LLR] -= report.nats
    left = told(book, slot)
    if all(r.witness != report.witness for r in left):
        gone = cols.wit[slot, :, 0] == name_of(report.witness) + 1
        cols.wit[slot, gone] = 0
    if not left:
        cols.i[slot, c.KINDS] &= ~(1 << PERSON)
        cols.f[slot, c.CREDIT + PERSON] = 0.0
    say(book, slot)
    if not cols.i[slot, c.KINDS] & ~c.MEASURED:
        book.end(slot, EndReason.FALSE)
    else:
        rebuild(book, slot)
    return placed(book, body, None, repeat=False)


def rebuild(book: Book, slot: int) -> None:
    """The state anew from the reports that stand, where people alone made it."""
    if not life.only_people(book.cols, slot):
        return
    reports = [r for r in told(book, slot) if r.z is not None]
    # "here" only serves where nobody gave a direction
    pointing = [r for r in reports if r.has_bearing] or reports[:1]
    pointing.sort(key=lambda r: (r.t_obs_ns, r.report_id))
    for k, report in enumerate(pointing):
        if k:
            book.take_more(slot, report)
            continue
        z = np.array(report.z)
        book.kernels.refill(book.table, slot, z, report.t_obs_ns, owner_of(report.person_id))
