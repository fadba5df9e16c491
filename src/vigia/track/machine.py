"""A machine's scan -> tracks extended, begun, contradicted. People's reports: people.py.

Identity first, but gated; then the best assignment to shown tracks, then to those nobody sees
yet; what is left begins a track. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vigia.scan import Flag, IdKind
from vigia.track import lifecycle as life
from vigia.track.associate import assign
from vigia.track.book import NOWHERE, Book, identity_key
from vigia.track.columns import fit_many
from vigia.track.fit import GATE, Fit, fit, fit_parts
from vigia.track.gate import near
from vigia.track.initiate import born_bearing, born_placed, born_ranged, track_id
from vigia.track.measure import Place, Polar
from vigia.track.table import Record
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vigia.events import SensorSite
    from vigia.track.initiate import Birth
    from vigia.track.measure import Stand

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither
PLACE_NATS = 1.5  # credit of one stated place that fits; repeats come from the same sender
PLACE_BIRTH_LLR = 1.5  # a sender says it exists: 0.82
WEAK_BIRTH_LLR = 0.0
AIRCRAFT_LO = -4.0  # an ADS-B address: a claim, but hardly a small drone
DRONE_LO = 2.5  # a Remote ID: says drone

MANY = 8  # pairs from which columns beat plain numbers
LIMITS = np.array(GATE)
WEAK = int(Flag.WEAK)  # an int: operations on IntFlag cost a microsecond


class Look:
    """One frame of one sensor: what every step needs."""

    def __init__(
        self, book: Book, sensor: SensorSite, at: Stand, *, t_recv_ns: int, mark: int
    ) -> None:
        self.book = book
        self.sensor = sensor
        self.at = at
        self.t_recv_ns = t_recv_ns
        self.mark = mark
        self.witness = f"link/{sensor.link}" if sensor.link else f"sensor/{sensor.sensor_id}"
        self.source = f"sensor/{sensor.kind}"
        p_detect = min(max(sensor.p_detect, 0.05), 0.999)
        self.log_pd = math.log(p_detect)
        self.beat = book.memory.beats.setdefault(sensor.sensor_id, life.Beat())
        self.beat.miss_nats = -math.log(1.0 - life.MISS_SHARE * p_detect)

    @property
    def false_per_s(self) -> float:
        return max(self.sensor.false_per_hour / 3600.0, 3e-7, self.beat.stray_per_s)


def look_polar(look: Look, zs: list[Polar]) -> None:
    """One frame: rows of one sensor at nearly one time, each from another object."""
    book = look.book
    shown = book.shown(look.mark)
    solid = book.table.solid[shown]
    left = _claim(look, zs, shown[solid])
    if left and not solid.all():
        left = _claim(look, left, shown[~solid])
    look.beat.stray(len(left), zs[-1].t_ns)
    if left:
        left = _claim(look, left, book.hidden(look.mark))
    for z in left:
        _begin_polar(look, z)


def _claim(look: Look, zs: list[Polar], slots: NDArray[np.intp]) -> list[Polar]:
    """Extends these tracks by those of zs that fit; -> the rest."""
    book = look.book
    if len(slots) == 0:
        return zs
    pairs = near(book.table, slots, zs, look.at)
    if not pairs:
        return zs
    score, found = _try(look, slots, zs, pairs)
    if not score:
        return zs
    chosen = assign(score)
    explained = {i for i, _ in score}
    taken = set(chosen.values())
    for i, j in chosen.items():
        z, own = zs[i], score[i, j]
        rivals = (
            [
                k
                for (row, k), s in score.items()
                if row == i and k not in taken and s > own - AMBIGUOUS_NATS
            ]
            if z.range_m != z.range_m
            else []
        )
        _extend(look, int(slots[j]), z, found(i, j), own, moves=not rivals)
        for k in rivals:
            _extend(look, int(slots[k]), z, found(i, k), score[i, k], moves=False)
    return [z for i, z in enumerate(zs) if i not in explained]


Score: TypeAlias = dict[tuple[int, int], float]


def _try(
    look: Look, slots: NDArray[np.intp], zs: list[Polar], pairs: list[tuple[int, int]]
) -> tuple[Score, Callable[[int, int], Fit]]:
    """Every pair's fit, the many at once where it pays. -> score of those that fit and are
    likelier than a false row, and how to get their fits."""
    book = look.book
    ratio = [look.log_pd - _log_false(look, z) for z in zs]
    score: Score = {}
    one_by_one: dict[tuple[int, int], Fit] = {}
    index = np.array(pairs, dtype=np.intp)
    i, j = index[:, 0], index[:, 1]
    plain = np.zeros(len(pairs), dtype=np.bool_)
    if len(pairs) >= MANY:
        plain = book.table.gate[7, slots[j]] == 0.0
    rest: list[list[int]] = index[~plain].tolist()
    for row, col in rest:
        fitted = _fit(book, int(slots[col]), zs[row], look.at)
        if fitted is not None and fitted.fits and fitted.log_density + ratio[row] > 0.0:
            score[row, col] = fitted.log_density + ratio[row]
            one_by_one[row, col] = fitted
    if not plain.any():
        return score, lambda row, col: one_by_one[row, col]
    i, j = i[plain], j[plain]
    where = slots[j]
    many = fit_many(book.table.x[:, where], book.table.t_ns[where], zs, i, look.at)
    nats = many.log_density + np.array(ratio)[i]
    good = np.flatnonzero((many.nis <= LIMITS[many.size]) & (nats > 0.0))
    column: dict[tuple[int, int], int] = {}
    for k, row, col, s in zip(
        good.tolist(), i[good].tolist(), j[good].tolist(), nats[good].tolist(), strict=True
    ):
        score[row, col] = s
        column[row, col] = k
    score = dict(sorted(score.items()))

    def fitted_at(row: int, col: int) -> Fit:
        k = column.get((row, col))
        return one_by_one[row, col] if k is None else many.one(k)

    return score, fitted_at


def _fit(book: Book, slot: int, z: Polar | Place, at: Stand) -> Fit | None:
    t = book.table
    record = t.records[slot]
    t_ns = int(t.t_ns[slot])
    if record.parts:
        if isinstance(z, Polar) and z.range_m == z.range_m:
            return None  # a plot begins its own track; a confirmed one joins its sector
        return fit_parts(record.parts, record.weights, t_ns, z, at)
    return fit(t.state(slot), t_ns, z, at)


def _extend(look: Look, slot: int, z: Polar, found: Fit, nats: float, *, moves: bool) -> None:
    book = look.book
    record = book.table.records[slot]
    ranged = z.range_m == z.range_m
    if moves:
        if ranged and not record.solid:
            record.ranged = record.solid = True
            record.seen_by.clear()  # from now on only sensors with a range may miss it
        else:
            book.seen_from(record, look.at, "")
        book.keep(slot, found)
    else:
        nats *= 0.5
    record.azimuth_deg = math.degrees(z.az)
    record.azimuth_sigma_deg = math.degrees(z.az_sigma)
    if ranged or not record.solid:
        life.hit(record, look.sensor.sensor_id, z.t_ns, book.memory.beats)
    span = life.earned_s(record, life.LIFE_RANGED_S if ranged else life.LIFE_BEARING_S)
    book.credit(
        slot,
        z,
        t_recv_ns=look.t_recv_ns,
        nats=nats,
        life_s=span,
        witness=look.witness,
        source=look.source,
    )
    book.show(slot, trusted=False)


def _log_false(look: Look, z: Polar) -> float:
    """Log density of false rows where z is: uniform over the sensor's field, per second."""
    density = look.false_per_s / (2.0 * math.pi)
    if z.el == z.el:
        density /= 0.8
    if z.range_m == z.range_m:
        density *= 2.0 * max(z.range_m, 50.0) / look.sensor.range_max_m**2
    if z.rate_mps == z.rate_mps:
        density /= 30.0
    return math.log(density)


def _record(look: Look, z: Polar | Place, content: bytes, llr: float, life_s: float) -> Record:
    return Record(
        track_id=track_id(look.sensor.sensor_id, z.t_ns, content),
        mark=look.mark,
        t_first_ns=z.t_ns,
        t_last_ns=z.t_ns,
        t_cause_ns=look.t_recv_ns,
        life_ns=z.t_ns + int(life_s * 1e9),
        llr=llr,
    )


def _begin_polar(look: Look, z: Polar) -> None:
    book = look.book
    ranged = z.range_m == z.range_m
    birth: Birth = (
        born_ranged(z, look.at)
        if ranged
        else born_bearing(z, look.at, range_max_m=look.sensor.range_max_m)
    )
    span = life.LIFE_TENTATIVE_S
    content = np.array(z[1:7]).tobytes()
    record = _record(look, z, content, life.birth_llr(look.false_per_s), span)
    record.ranged = record.solid = ranged
    record.azimuth_deg, record.azimuth_sigma_deg = math.degrees(z.az), math.degrees(z.az_sigma)
    if not ranged:
        book.seen_from(record, look.at, "")
    slot = book.begin(record, birth, z.t_ns, trusted=False)
    if slot is not None:
        life.hit(record, look.sensor.sensor_id, z.t_ns, book.memory.beats)
        book.credit(
            slot,
            z,
            t_recv_ns=look.t_recv_ns,
            nats=0.0,
            life_s=span,
            witness=look.witness,
            source=look.source,
        )


def look_place(look: Look, z: Place) -> None:
    """One stated position. Its identity is a claim: gated, and a mismatch gives no credit."""
    look.beat.stray(0, z.t_ns)
    book = look.book
    t = book.table
    key = identity_key(z.id_kind, z.identity)
    bound = t.slot_of.get(book.memory.identities.get(key, "")) if z.identity else None
    if bound is not None and t.records[bound].mark == look.mark:
        record = t.records[bound]
        found = _fit(book, bound, z, NOWHERE)
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
    every: list[int] = np.concatenate((book.shown(look.mark), book.hidden(look.mark))).tolist()
    slots = [s for s in every if not t.records[s].serial or t.records[s].serial == z.identity]
    if not slots:
        return None
    best, top = None, -math.inf
    for _, j in near(t, np.array(slots, dtype=np.intp), [z], NOWHERE):
        found = _fit(book, slots[j], z, NOWHERE)
        if found is not None and found.fits and found.log_density > top:
            best, top = slots[j], found.log_density
    return best


def _extend_place(look: Look, slot: int, z: Place, found: Fit | None) -> None:
    book = look.book
    record = book.table.records[slot]
    same = record.stated == (z.e_m, z.n_m) and z.t_ns - record.t_last_ns < 1_500_000_000
    if not same:
        found = _fit(book, slot, z, NOWHERE) if found is None else found
        if found is not None:
            record.ranged = record.solid = True
            book.keep(slot, found)
    record.stated = (z.e_m, z.n_m)
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
    record = _record(look, z, content, llr, life.LIFE_STATED_S)
    record.ranged = record.solid = True
    record.stated = (z.e_m, z.n_m)
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
    if not z.identity or record.serial == z.identity:
        return
    key = identity_key(z.id_kind, z.identity)
    if key in book.memory.identities:
        return
    book.memory.identities[key] = record.track_id
    record.serial, record.id_kind = z.identity, z.id_kind
    if z.id_kind == IdKind.ICAO:
        record.flags |= TrackFlag.AIRCRAFT
        life.lean(record, AIRCRAFT_LO)
    elif z.id_kind != IdKind.NODE:
        life.lean(record, DRONE_LO)
