"""Truth and tracks on one grid of times -> each measure of how well they agree.

GOSPA and OSPA are of order 2; SIAP lets many tracks share an object; CLEAR, IDF1 and purity follow
one-to-one pairs that hold while near.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.tracking.matching import Pairs, best_matching, most_in_common
from bench.tracking.sampling import (
    TRUTH_GAP_S,
    TRUTH_HOLD_S,
    Bools,
    Floats,
    Ints,
    Samples,
    Series,
    interpolated,
)
from bench.tracking.tables import Column, Columns

NEVER = 1e6  # cost of an impossible pair: more matches always beat nearer ones


@dataclass(frozen=True, slots=True)
class Case:
    """Both sides on the same grid. care: of true objects; the rest: of samples (see Samples)."""

    cutoff_m: float
    step_s: float
    steps: int
    length_s: float
    truth_ids: Column
    truth: Sequence[Series]
    tracks: Sequence[Series]
    care: Bools
    truths_at: Samples
    tracks_at: Samples
    pairs: Pairs
    nearest: Ints

    @property
    def cared(self) -> Bools:
        """Truth samples that count."""
        return self.care[self.truths_at.who]

    @property
    def absorbed(self) -> Bools:
        """Track samples nearest to an object that does not count."""
        cared = np.append(self.cared, True)  # which a -1 finds
        return ~cared[self.nearest]


@dataclass(frozen=True, slots=True)
class Matching:
    """track: for each truth sample the track sample it has, or -1.

    hits: steps together, (true objects, number of `tracks`); tracks: those ever matched.
    """

    track: Ints
    tracks: Ints
    hits: Ints


@dataclass(frozen=True, slots=True)
class Gospa:
    """Order 2, means over the steps; missed and false are objects a step. None: nothing matched."""

    mean_m: float
    loc_rmse_m: float | None
    missed: float
    false: float
    ospa_mean_m: float


@dataclass(frozen=True, slots=True)
class Siap:
    completeness: float
    ambiguity: float
    spuriousness: float
    longest: float


@dataclass(frozen=True, slots=True)
class Clear:
    """CLEAR-MOT over all steps: a pair holds while near, the rest is matched anew."""

    rmse_m: float | None
    median_m: float | None
    mota: float
    recall: float
    precision: float
    id_switches: int
    fragmentations: int


@dataclass(frozen=True, slots=True)
class Identity:
    """A track is false if less than half of its life is on any object. never: objects without."""

    idf1: float
    purity: float | None
    false_tracks: int
    false_tracks_per_h: float
    never_tracked: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """From an object's first detection to the first near row of a track matched to it."""

    median_s: float
    p90_s: float
    confirmed: int
    detectable: int


def matched(case: Case) -> Matching:
    """CLEAR: step by step; a pair of the step before stays while near, then the nearest others."""
    pairs, truth_who, track_who = case.pairs, case.truths_at.who, case.tracks_at.who
    track = np.full(len(truth_who), -1, dtype=np.int64)
    used = np.zeros(len(track_who), dtype=np.bool_)
    before = np.full(len(case.truth), -1, dtype=np.int64)
    cuts = np.searchsorted(case.truths_at.step[pairs.truth], np.arange(case.steps + 1))
    for start, end in itertools.pairwise(cuts.tolist()):
        now = pairs[start:end]
        held = now[before[truth_who[now.truth]] == track_who[now.track]]
        track[held.truth] = held.track
        used[held.track] = True
        free = now[(track[now.truth] < 0) & ~used[now.track]]
        new = free[best_matching(free, free.off_m, NEVER)]
        track[new.truth] = new.track
        before[:] = -1
        for made in (held, new):
            before[truth_who[made.truth]] = track_who[made.track]
    has = np.flatnonzero(track >= 0)
    tracks, column = np.unique(track_who[track[has]], return_inverse=True)
    hits = np.zeros((len(case.truth), len(tracks)), dtype=np.int64)
    np.add.at(hits, (truth_who[has], column), 1)
    return Matching(track, tracks, hits)


def gospa(case: Case) -> Gospa:
    c2 = case.cutoff_m**2
    cared, right = case.cared, ~case.absorbed
    pairs = case.pairs[cared[case.pairs.truth] & right[case.pairs.track]]
    pairs = pairs[best_matching(pairs, pairs.off_m**2, c2)]
    at = case.truths_at.step[pairs.truth]
    off2 = np.bincount(at, pairs.off_m**2, minlength=case.steps)
    matched = np.bincount(at, minlength=case.steps)
    missed = np.bincount(case.truths_at.step[cared], minlength=case.steps) - matched
    false = np.bincount(case.tracks_at.step[right], minlength=case.steps) - matched
    more = np.maximum(missed, false)  # what OSPA pays for: unmatched of the larger side
    some = matched > 0
    return Gospa(
        mean_m=float(np.mean(np.sqrt(off2 + c2 / 2 * (missed + false)))),
        loc_rmse_m=float(np.mean(np.sqrt(off2[some] / matched[some]))) if some.any() else None,
        missed=float(np.mean(missed)),
        false=float(np.mean(false)),
        ospa_mean_m=float(np.mean(np.sqrt((off2 + c2 * more) / np.maximum(matched + more, 1)))),
    )


def siap(case: Case, matching: Matching) -> Siap:
    cared = case.cared
    on = np.bincount(case.nearest[case.nearest >= 0], minlength=len(cared))
    seen, tracks_on = int(((on > 0) & cared).sum()), int(on[cared].sum())
    counted = int((~case.absorbed).sum())
    longest = int(matching.hits.max(axis=1, initial=0)[case.care].sum())
    lives = [s.t_s[-1] - s.t_s[0] for s, care in zip(case.truth, case.care, strict=True) if care]
    lived = sum(max(1, int(life / case.step_s)) for life in lives)
    return Siap(
        completeness=seen / max(int(cared.sum()), 1),
        ambiguity=tracks_on / max(seen, 1),
        spuriousness=(counted - tracks_on) / max(counted, 1),
        longest=longest / max(1, lived),
    )


def clear(case: Case, matching: Matching) -> Clear:
    hit, missed, false = _counts(case, matching)
    cared_pairs = case.pairs[matching.track[case.pairs.truth] == case.pairs.track]
    off_m = cared_pairs.off_m[case.cared[cared_pairs.truth]]
    switches, fragments = _breaks(case, matching)
    return Clear(
        rmse_m=float(np.sqrt(np.mean(off_m**2))) if hit else None,
        median_m=float(np.median(off_m)) if hit else None,
        mota=1 - (missed + false + switches) / max(1, hit + missed),
        recall=hit / max(1, hit + missed),
        precision=hit / max(1, hit + false),
        id_switches=switches,
        fragmentations=fragments,
    )


def _counts(case: Case, matching: Matching) -> tuple[int, int, int]:
    """Hit, missed and false samples; those of objects that do not count are none of them."""
    has, cared = matching.track >= 0, case.cared
    free = ~case.absorbed
    free[matching.track[has]] = False
    return int((has & cared).sum()), int((~has & cared).sum()), int(free.sum())


def _breaks(case: Case, matching: Matching) -> tuple[int, int]:
    """How often an object went to another track, and how often it was found again after a loss."""
    cared = np.flatnonzero(case.cared)
    mine = cared[np.argsort(case.truths_at.who[cared], kind="stable")]  # by object, then step
    who, has = case.truths_at.who[mine], matching.track[mine] >= 0
    found, track = who[has], case.tracks_at.who[matching.track[mine[has]]]
    again = found[1:] == found[:-1]
    switches = int((again & (track[1:] != track[:-1])).sum())
    # Of the hits after the object's first one: those whose sample before was no hit.
    place = np.flatnonzero(has)
    return switches, int((again & (np.diff(place) > 1)).sum())


def identity(case: Case, matching: Matching) -> Identity:
    life = np.bincount(case.tracks_at.who, minlength=len(case.tracks))
    on = np.zeros(len(case.tracks), dtype=np.int64)
    on[matching.tracks] = matching.hits.sum(axis=0)
    false = int(((life > 0) & (on < 0.5 * life)).sum())
    hit, missed, wrong = _counts(case, matching)
    same = most_in_common(matching.hits[case.care].astype(np.float64))
    total = int(on.sum())
    return Identity(
        idf1=2 * same / max(1, 2 * same + (hit + wrong - same) + (hit + missed - same)),
        purity=int(matching.hits.max(axis=0, initial=0).sum()) / total if total else None,
        false_tracks=false,
        false_tracks_per_h=false / (case.length_s / 3600.0),
        never_tracked=int((matching.hits[case.care].sum(axis=1) == 0).sum()),
    )


def first_seen_s(truth_ids: Column, detections: Columns, det_truth: Columns) -> Floats:
    """For each true object when its first detection arrived; inf: none did."""
    order = np.argsort(det_truth["det_id"], kind="stable")
    known = det_truth["det_id"][order]
    at = np.minimum(np.searchsorted(known, detections["det_id"]), len(known) - 1)
    truth_id = det_truth["truth_id"][order][at]
    of_truth = (known[at] == detections["det_id"]) & np.isin(truth_id, truth_ids)
    out = np.full(len(truth_ids), np.inf)
    who = np.searchsorted(truth_ids, truth_id[of_truth])
    np.minimum.at(out, who, detections["t_arr"][of_truth])
    return out


def confirmation(case: Case, matching: Matching, seen_s: Floats) -> Confirmation | None:
    detectable = case.care & np.isfinite(seen_s)
    waits: list[float] = []
    for who in np.flatnonzero(detectable).tolist():
        tracks: list[int] = matching.tracks[matching.hits[who] > 0].tolist()
        first_s = min(
            (_first_near_s(case.truth[who], case.tracks[j], case.cutoff_m) for j in tracks),
            default=math.inf,
        )
        if math.isfinite(first_s):
            waits.append(first_s - float(seen_s[who]))
    if not waits:
        return None
    return Confirmation(
        median_s=float(np.median(waits)),
        p90_s=float(np.percentile(waits, 90)),
        confirmed=len(waits),
        detectable=int(detectable.sum()),
    )


def _first_near_s(truth: Series, track: Series, cutoff_m: float) -> float:
    """When the first row near the object left the tracker; inf: none."""
    at_m = interpolated(truth, track.t_s, gap_s=TRUTH_GAP_S, hold_s=TRUTH_HOLD_S)
    off_m = np.sqrt(((at_m - track.at_m) ** 2).sum(axis=1))
    return float(track.t_emit_s[off_m < cutoff_m].min(initial=np.inf))
