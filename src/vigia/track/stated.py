"""A stated position -> the track of its identity, or another one, or a contradiction.

An identity is a claim: it goes first, but is gated like everything else. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vigia.scan import Flag, IdKind
from vigia.track import lifecycle as life
from vigia.track.book import NOWHERE
from vigia.track.gate import near
from vigia.track.initiate import born_placed
from vigia.track.machine import Look, new_record, try_one
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from vigia.track.fit import Fit
    from vigia.track.measure import Place

PLACE_NATS = 1.5  # credit of one stated place that fits; repeats come from the same sender
PLACE_BIRTH_LLR = 1.5  # a sender says it exists: 0.82
WEAK_BIRTH_LLR = 0.0
AIRCRAFT_LO = -4.0  # an ADS-B address: a claim, but hardly a small drone
DRONE_LO = 2.5  # a Remote ID: says drone
WEAK = int(Flag.WEAK)  # an int: operations on IntFlag cost a microsecond


def look_place(look: Look, z: Place) -> None:
    """One stated position. Its identity is a claim: gated, and a mismatch gives no credit."""
    look.beat.stray(0, z.t_ns)
    book = look.book
    t = book.table
    space, name = _name(look, z)
    bound = t.slot_of.get(book.memory.identities.get(space + name, "")) if name else None
    if bound is not None:
        record = t.records[bound]
        found = try_one(book, bound, z, NOWHERE)
        if found is not None and found.fits:
            _extend_place(look, bound, z, found)
            record.conflicts = 0
            return
        record.flags |= TrackFlag.ID_CONFLICT
        record.conflicts += 1
        t.touch(bound)
    slot = _nearest(look, z)
    if slot is not None:
        _extend_place(look, slot, z, None)
        if bound is not None:
            t.records[slot].flags |= TrackFlag.ID_CONFLICT
    else:
        _begin_place(look, z, conflict=bound is not None)


def _nearest(look: Look, z: Place) -> int | None:
    """The track without another identity that explains z best."""
    book = look.book
    t = book.table
    space, name = _name(look, z)
    slots = np.concatenate((book.shown(look.mark), book.hidden(look.mark)))
    best, top = None, -math.inf
    for _, j in near(t, slots, [z], NOWHERE) if len(slots) else ():
        slot = int(slots[j])
        if name and t.records[slot].names.get(space, name) != name:
            continue  # another of the same kind; a second kind of name may be the same drone's
        found = try_one(book, slot, z, NOWHERE)
        if found is not None and found.fits and found.log_density > top:
            best, top = slot, found.log_density
    return best


def _extend_place(look: Look, slot: int, z: Place, found: Fit | None) -> None:
    book = look.book
    record = book.table.records[slot]
    same = record.stated == (z.e_m, z.n_m) and z.t_ns - record.t_last_ns < 1_500_000_000
    if not same:
        found = try_one(book, slot, z, NOWHERE) if found is None else found
        if found is not None:
            record.ranged = record.solid = True
            book.keep(slot, found)
    record.stated = (z.e_m, z.n_m)
    record.t_ranged_ns = max(record.t_ranged_ns, z.t_ns)
    life.hit(record, look.sensor.sensor_id, z.t_ns, book.memory.beats)
    _bind(look, slot, z)
    weak = z.flags & WEAK
    # a statement is worth as much beside a doubtful plot as alone
    record.llr = max(record.llr, WEAK_BIRTH_LLR if weak else PLACE_BIRTH_LLR)
    book.credit(
        slot,
        z,
        t_recv_ns=look.t_recv_ns,
        nats=0.0 if same else (0.5 if weak else PLACE_NATS),
        life_s=life.LIFE_STATED_S,
        witness=look.witness,
        source=look.source,
    )
    book.show(slot, trusted=True)


def _begin_place(look: Look, z: Place, *, conflict: bool) -> None:
    book = look.book
    weak = z.flags & WEAK
    content = np.array(z[1:4]).tobytes() + z.identity
    llr = WEAK_BIRTH_LLR if weak else PLACE_BIRTH_LLR
    record = new_record(look, z, content, llr, life.LIFE_STATED_S)
    record.ranged = record.solid = True
    record.stated = (z.e_m, z.n_m)
    record.t_ranged_ns = max(record.t_ranged_ns, z.t_ns)
    record.flags = int(TrackFlag.WEAK) if weak else 0
    if conflict:
        record.flags |= TrackFlag.ID_CONFLICT
    slot = book.begin(record, born_placed(z, ground_m=0.0), z.t_ns, trusted=True)
    if slot is None:
        return
    if not conflict:
        _bind(look, slot, z)
    book.credit(
        slot,
        z,
        t_recv_ns=look.t_recv_ns,
        nats=0.0,
        life_s=life.LIFE_STATED_S,
        witness=look.witness,
        source=look.source,
    )
    book.show(slot, trusted=True)


def _bind(look: Look, slot: int, z: Place) -> None:
    """The claimed identity, and what it says about the class."""
    book = look.book
    record = book.table.records[slot]
    space, name = _name(look, z)
    if not name or space in record.names or space + name in book.memory.identities:
        return
    book.memory.identities[space + name] = record.track_id
    record.names[space] = name
    if z.id_kind != IdKind.NODE and not record.serial:
        record.serial = z.identity
    if z.id_kind == IdKind.ICAO:
        record.flags |= TrackFlag.AIRCRAFT
        life.lean(record, AIRCRAFT_LO)
    elif z.id_kind != IdKind.NODE:
        life.lean(record, DRONE_LO)


def _name(look: Look, z: Place) -> tuple[str, str]:
    """A sensor's own object numbers mean something only there; a drill's names only in it."""
    own = f"/{look.sensor.sensor_id}" if z.id_kind == IdKind.NODE else ""
    return f"{look.mark}/{z.id_kind}{own}/", z.identity.hex()
