"""A person's report -> the track it supports, or a new one; additions and withdrawals too.

docs/track.md section 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vigia.events import SightingPlaced
from vigia.terms import DroneKind
from vigia.track import layout as c
from vigia.track.amend import complete, placed, say, withdraw
from vigia.track.book import Book, Report
from vigia.track.frame import name_of, owner_of
from vigia.track.reports import inherit, learn_compass, new_report, remember
from vigia.track.witness import DRONE_LO

if TYPE_CHECKING:
    from vigia.events import Sighting
    from vigia.terms import Position

DRONES_MAX = 255
OLD_MAX_NS = 120_000_000_000  # an older report is recorded and places nothing


def sight(
    book: Book, body: Sighting, *, t_recv_ns: int, mark: int, position: Position | None
) -> SightingPlaced:
    reports = book.memory.reports
    known = reports.get(body.report_id)
    if body.withdrawn:
        return withdraw(book, body, _own(body, known or reports.get(body.refines or "")))
    if known is not None:
        return placed(book, body, book.find(known.track_id), repeat=True)
    base = _own(body, reports.get(body.refines or ""))
    if base is not None and not base.withdrawn and book.find(base.track_id) is not None:
        return complete(book, body, base, position)
    report = new_report(book, body, t_recv_ns, position)
    if base is not None and not base.withdrawn:
        inherit(report, base, anew=body.bearing is not None)
    remember(book, report)
    slot = book.find(report.track_id)
    if report.z is not None and t_recv_ns - report.t_obs_ns <= OLD_MAX_NS:
        slot = _place(book, body, report, mark)
    return placed(book, body, slot, repeat=False)


def _own(body: Sighting, report: Report | None) -> Report | None:
    """Only who reported may add to it or take it back."""
    if report is None or report.person_id != body.person_id:
        return None
    return report


def _place(book: Book, body: Sighting, report: Report, mark: int) -> int | None:
    """-> the slot of the track it supports; None: there was no room."""
    assert report.z is not None
    book.room(1)
    slot, nats, off, var = book.kernels.observe_person(
        book.table,
        np.array(report.z),
        report.t_obs_ns,
        name_of(f"{report.witness}/{report.t_obs_ns}/{body.report_id}"),
        name_of(report.witness),
        owner_of(report.person_id),
        report.person_id is not None,
        0.0 if body.kind is DroneKind.OTHER else DRONE_LO,
        mark,
        report.t_recv_ns,
    )
    if slot < 0:
        return None
    report.track_id = book.track_id(slot)
    report.nats = float(nats)
    if var > 0.0:
        learn_compass(book, report, float(off), float(var))
    if body.count is not None:
        held = book.cols.i[slot, c.DRONES]
        book.cols.i[slot, c.DRONES] = max(int(held), min(body.count, DRONES_MAX))
    book.memory.told.setdefault(report.track_id, []).append(report.report_id)
    say(book, slot)
    return int(slot)
