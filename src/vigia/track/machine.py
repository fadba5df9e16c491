"""A machine's scan -> tracks extended, begun, contradicted. People's reports: people.py.

Identity first, but gated; then the best assignment to shown tracks, then to those nobody sees
yet; what is left begins a track. docs/track.md section 4.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vigia.track import lifecycle as life
from vigia.track.associate import assign
from vigia.track.book import Book
from vigia.track.columns import fit_many
from vigia.track.fit import GATE, Fit, fit, fit_parts
from vigia.track.gate import near
from vigia.track.initiate import born_bearing, born_ranged, track_id
from vigia.track.measure import Place, Polar
from vigia.track.table import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vigia.events import SensorSite
    from vigia.track.initiate import Birth
    from vigia.track.measure import Stand

AMBIGUOUS_NATS = 2.0  # a bearing that two tracks explain this nearly equally moves neither

MANY = 8  # pairs from which columns beat plain numbers
LIMITS = np.array(GATE)


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
        fitted = try_one(book, int(slots[col]), zs[row], look.at)
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


def try_one(book: Book, slot: int, z: Polar | Place, at: Stand) -> Fit | None:
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
    if ranged:
        record.t_ranged_ns = max(record.t_ranged_ns, z.t_ns)
    if moves:
        if ranged and not record.solid:
            record.ranged = record.solid = True
            record.seen_by.clear()  # from now on only sensors with a range may miss it
        elif not ranged:
            book.seen_from(record, look.at, "")
        book.keep(slot, found)
    else:
        nats *= 0.5
    record.azimuth_deg = math.degrees(z.az)
    record.azimuth_sigma_deg = math.degrees(z.az_sigma)
    if ranged or not record.solid:
        life.hit(record, look.sensor.sensor_id, z.t_ns, book.memory.beats)
    span = life.earned_s(record, life.LIFE_RANGED_S if ranged else life.LIFE_BEARING_S)
    if not moves:
        span = 0.0  # it may be the other's: no reason to live longer
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


def new_record(look: Look, z: Polar | Place, content: bytes, llr: float, life_s: float) -> Record:
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
    record = new_record(look, z, content, life.birth_llr(look.false_per_s), span)
    record.ranged = record.solid = ranged
    record.t_ranged_ns = z.t_ns if ranged else 0
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
