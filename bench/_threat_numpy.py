"""The threat stage before its kernel: plain NumPy, two motions and 32 samples; the bench's peer."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from vigia.geo import bearing_deg_true
from vigia.terms import Tier, TrackStatus
from vigia.threats import Threat
from vigia.tracktable import TrackFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.events import Policy
    from vigia.threat.targets import Targets

SAMPLES = 32
WANDER_DEG = 15.0  # heading change of a straight flight within the horizon
HOMING_DEG = 10.0  # how well an attacker points at his target
PRIOR_HOMING = 0.10  # before looking at its heading; PRIOR_LOAD and _CLOSING with that evidence
PRIOR_LOAD = 0.20
PRIOR_CLOSING = 0.40
SPEED_STANDING_MPS = 2.0  # below: the heading tells nothing
SPEED_HOMING_MIN_MPS = 5.0
NEAR_S = 10.0  # a confirmed drone that could be here in this time is a WARNING by itself
P_DRONE_MIN = 0.1  # below: believed to be no drone; one classifier's word is not enough
HEIGHT_SURE_M = 40.0  # 1-sigma up to which a height is told
RANGE_SURE = 0.35  # 1-sigma of a range, of the range, up to which it is told
RANGE_SURE_M = 50.0  # or this
BEARING_SURE_DEG = 20.0  # 1-sigma of a direction up to which it is told
PAIRS_MAX = 200_000  # the farthest pairs beyond it are left out


def assess(states: NDArray[np.void], targets: Targets, policy: Policy) -> list[Threat]:
    """states: (n,) tracktable.STATE_DTYPE, all predicted to now. Ordered: most urgent first."""
    if len(states) == 0 or len(targets.target_ids) == 0:
        return []
    ti, gi = _near_pairs(states, targets, policy)
    if len(ti) == 0:
        return []
    radius = policy.danger_radius_m + targets.extent_m[gi]
    p_hit, quantiles = _arrivals(states, targets, ti=ti, gi=gi, radius=radius, policy=policy)
    d = targets.en_m[gi] - states["x"][ti, :2]
    range_m = np.hypot(d[:, 0], d[:, 1])
    speed = np.hypot(states["x"][ti, 3], states["x"][ti, 4])
    top = np.maximum(policy.top_speed_mps, speed)
    spread = 2.0 * targets.sigma_m[gi]
    earliest = np.maximum(range_m - radius - spread, 0.0) / top
    tier = _tiers(
        states[ti], p_hit=p_hit, p10=quantiles[0], earliest=earliest, range_m=range_m, policy=policy
    )
    keep = np.flatnonzero(tier)
    order = keep[np.lexsort((ti[keep], gi[keep], earliest[keep], -tier[keep]))]
    return [
        _threat(
            states[int(ti[k])],
            targets,
            int(gi[k]),
            Tier(int(tier[k])),
            float(p_hit[k]),
            float(earliest[k]),
            [None if math.isinf(q[k]) else float(q[k]) for q in quantiles],
            d[k],
        )
        for k in order
    ]


def _threat(
    state: np.void,
    targets: Targets,
    g: int,
    tier: Tier,
    p_hit: float,
    earliest_s: float,
    q_s: list[float | None],
    d: NDArray[np.float64],
) -> Threat:
    flags = int(state["flags"])
    range_m = float(np.hypot(d[0], d[1]))
    along, across = _spread(state, d, range_m, float(targets.sigma_m[g]))
    z_sigma = math.sqrt(float(state["cov"][2, 2]))
    height = float(state["x"][2]) - float(targets.up_m[g])
    return Threat(
        track_id=bytes(state["track_id"]).decode(),
        number=int(state["number"]),
        target_id=targets.target_ids[g],
        person_id=targets.person_ids[g],
        tier=tier,
        mark=int(state["mark"]),
        confirmed=int(state["status"]) == TrackStatus.CONFIRMED,
        p_hit=p_hit,
        earliest_s=earliest_s,
        p10_s=q_s[0],
        p50_s=q_s[1],
        p90_s=q_s[2],
        range_m=range_m,
        range_sure=along <= RANGE_SURE * range_m or along <= RANGE_SURE_M,
        bearing_deg_true=bearing_deg_true(de_m=-float(d[0]), dn_m=-float(d[1])),
        bearing_sure=math.degrees(math.atan2(across, range_m)) <= BEARING_SURE_DEG,
        height_m=None if math.isnan(height) or z_sigma >= HEIGHT_SURE_M else height,
        load=bool(flags & TrackFlag.LOAD),
        t_cause_ns=int(state["t_cause_ns"]),
        t_last_ns=int(state["t_last_ns"]),
    )


def _spread(
    state: np.void, d: NDArray[np.float64], range_m: float, target_sigma_m: float
) -> tuple[float, float]:
    """1-sigma [m] of the place along the line target-drone, and across it."""
    if range_m < 1.0:
        return 0.0, 0.0
    e, n = float(d[0]) / range_m, float(d[1]) / range_m
    cov = state["cov"]
    ee, en, nn = float(cov[0, 0]), float(cov[0, 1]), float(cov[1, 1])
    along = e * e * ee + 2.0 * e * n * en + n * n * nn
    across = n * n * ee - 2.0 * e * n * en + e * e * nn
    own = target_sigma_m**2
    return math.sqrt(max(along, 0.0) + own), math.sqrt(max(across, 0.0) + own)


def _near_pairs(
    states: NDArray[np.void], targets: Targets, policy: Policy
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices (k,), (k,) of pairs that could meet within the horizon, or are near."""
    x = states["x"]
    reach = max(policy.top_speed_mps * policy.horizon_s, policy.watch_radius_m)
    de = x[:, None, 0] - targets.en_m[None, :, 0]
    dn = x[:, None, 1] - targets.en_m[None, :, 1]
    dist2 = de * de + dn * dn
    drone = (states["p_drone"] >= P_DRONE_MIN)[:, None]
    ti, gi = np.nonzero((dist2 <= (reach + targets.extent_m[None, :]) ** 2) & drone)
    if len(ti) > PAIRS_MAX:
        nearest = np.argsort(dist2[ti, gi], kind="stable")[:PAIRS_MAX]
        ti, gi = ti[nearest], gi[nearest]
    return ti, gi


def _arrivals(
    states: NDArray[np.void],
    targets: Targets,
    *,
    ti: NDArray[np.intp],
    gi: NDArray[np.intp],
    radius: NDArray[np.float64],
    policy: Policy,
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """p_hit (k,), and p10, p50, p90 of the arrival time [s] given that it arrives; inf: none."""
    pos, vel = _samples(states)
    spread = targets.sigma_m[gi, None, None] * _Z[None, :, 5:7]
    d = targets.en_m[gi][:, None, :] + spread - pos[ti]  # (k, S, 2) drone -> target
    v = vel[ti]
    reach = radius[:, None]
    t_straight = _first_entry(d, v, reach)
    dist = np.hypot(d[..., 0], d[..., 1])
    speed = np.maximum(np.hypot(v[..., 0], v[..., 1]), SPEED_HOMING_MIN_MPS)
    t_homing = np.maximum(dist - reach, 0.0) / speed
    p_home = _homing(states, targets, ti=ti, gi=gi)[:, None]
    times = np.concatenate((t_straight, t_homing), axis=1)
    shape = t_straight.shape
    weights = np.concatenate(
        (np.broadcast_to(1.0 - p_home, shape), np.broadcast_to(p_home, shape)), axis=1
    )
    weights = np.where(times <= policy.horizon_s, weights, 0.0) / SAMPLES
    p_hit = weights.sum(axis=1) * states["p_exist"][ti]
    order = np.argsort(times, axis=1, kind="stable")
    times = np.take_along_axis(times, order, axis=1)
    cum = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    total = cum[:, -1]
    quantiles: list[NDArray[np.float64]] = []
    for q in (0.1, 0.5, 0.9):
        at = np.minimum((cum < (q * total)[:, None]).sum(axis=1), times.shape[1] - 1)
        quantiles.append(np.where(total > 0.0, times[np.arange(len(at)), at], math.inf))
    return np.minimum(p_hit, 1.0), quantiles


def _samples(states: NDArray[np.void]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions and velocities (n, S, 2) drawn from each state by the fixed points."""
    index = np.array([0, 1, 3, 4])
    mean = states["x"][:, index]
    low = _cholesky4(states["cov"][:, index[:, None], index[None, :]])
    x = mean[:, None, :] + (low[:, None, :, :] * _Z[None, :, None, :4]).sum(axis=3)
    turn = np.radians(WANDER_DEG) * _Z[None, :, 4]
    c, s = np.cos(turn), np.sin(turn)
    ve, vn = x[..., 2], x[..., 3]
    return x[..., :2], np.stack((c * ve + s * vn, c * vn - s * ve), axis=-1)


def _first_entry(
    d: NDArray[np.float64], v: NDArray[np.float64], radius: NDArray[np.float64]
) -> NDArray[np.float64]:
    """When |d - v t| first equals radius, t >= 0 (k, S) [s]; 0 inside; inf: never."""
    a = v[..., 0] ** 2 + v[..., 1] ** 2
    b = d[..., 0] * v[..., 0] + d[..., 1] * v[..., 1]
    c = d[..., 0] ** 2 + d[..., 1] ** 2 - radius**2
    disc = b * b - a * c
    hit = (disc >= 0.0) & (b > 0.0) & (a > 1e-9)
    t = (b - np.sqrt(np.where(hit, disc, 0.0))) / np.where(hit, a, 1.0)
    return np.where(c <= 0.0, 0.0, np.where(hit, np.maximum(t, 0.0), math.inf))


def _homing(
    states: NDArray[np.void], targets: Targets, *, ti: NDArray[np.intp], gi: NDArray[np.intp]
) -> NDArray[np.float64]:
    """P(it wants to reach this target) (k,): a prior times how well its heading fits (Bayes)."""
    x, cov = states["x"][ti], states["cov"][ti]
    d = targets.en_m[gi] - x[:, :2]
    speed = np.hypot(x[:, 3], x[:, 4])
    off = np.arctan2(d[:, 0], d[:, 1]) - np.arctan2(x[:, 3], x[:, 4])
    off = np.abs((off + np.pi) % (2.0 * np.pi) - np.pi)
    sigma_v = np.sqrt(np.maximum(cov[:, 3, 3], cov[:, 4, 4]))
    range_m = np.maximum(np.hypot(d[:, 0], d[:, 1]), 1.0)
    sigma_place = np.sqrt(np.maximum(cov[:, 0, 0], cov[:, 1, 1])) / range_m
    heading = np.arctan2(sigma_v, np.maximum(speed, 0.1))
    sigma = np.sqrt(np.radians(HOMING_DEG) ** 2 + heading**2 + np.minimum(sigma_place, 1.0) ** 2)
    # density of a normal on the circle against a uniform one; sigma >= ~1 rad tells nothing
    fit = np.exp(-0.5 * (off / sigma) ** 2) * np.sqrt(2.0 * np.pi) / sigma
    fit = np.where((speed < SPEED_STANDING_MPS) | (sigma > 1.0), 1.0, fit)
    flags = states["flags"][ti]
    prior = np.where(flags & TrackFlag.LOAD, PRIOR_LOAD, PRIOR_HOMING)
    prior = np.where(flags & TrackFlag.CLOSING, PRIOR_CLOSING, prior)
    return prior * fit / (prior * fit + (1.0 - prior))


def _tiers(
    states: NDArray[np.void],
    *,
    p_hit: NDArray[np.float64],
    p10: NDArray[np.float64],
    earliest: NDArray[np.float64],
    range_m: NDArray[np.float64],
    policy: Policy,
) -> NDArray[np.int64]:
    """(k,) of terms.Tier. Weak evidence alone gives at most WATCH."""
    confirmed = states["status"] == TrackStatus.CONFIRMED
    flags = states["flags"]
    closing = (flags & TrackFlag.CLOSING) != 0
    weak = (flags & TrackFlag.WEAK) != 0
    strong = (confirmed | closing) & ~weak
    danger = strong & (p_hit >= policy.danger_p) & (p10 <= policy.danger_s)
    warning = strong & (
        ((p_hit >= policy.warning_p) & (p10 <= policy.warning_s)) | (earliest <= NEAR_S)
    )
    watch = (range_m <= policy.watch_radius_m) | (p_hit >= policy.warning_p)
    tier = np.zeros(len(p_hit), dtype=np.int64)
    tier[watch] = int(Tier.WATCH)
    tier[warning] = int(Tier.WARNING)
    tier[danger] = int(Tier.DANGER)
    return tier


def _cholesky4(a: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangles (n, 4, 4); a pivot below zero (rounding) counts as zero."""
    low = np.zeros_like(a)
    for j in range(4):
        rest = a[:, j, j] - (low[:, j, :j] ** 2).sum(axis=1)
        pivot = np.sqrt(np.maximum(rest, 0.0))
        low[:, j, j] = pivot
        safe = np.where(pivot > 1e-12, pivot, np.inf)
        for i in range(j + 1, 4):
            low[:, i, j] = (a[:, i, j] - (low[:, i, :j] * low[:, j, :j]).sum(axis=1)) / safe
    return low


def _points() -> NDArray[np.float64]:
    """(SAMPLES, 7) standard normal points: Halton in bases 2..17, each column with unit moments."""
    inv = NormalDist().inv_cdf
    z = np.empty((SAMPLES, 7))
    for column, base in enumerate((2, 3, 5, 7, 11, 13, 17)):
        for i in range(SAMPLES):
            n, f, h = i + 20, 1.0, 0.0
            while n:
                f /= base
                h += f * (n % base)
                n //= base
            z[i, column] = inv(h)
    z -= z.mean(axis=0)
    return z / z.std(axis=0)


_Z = _points()
