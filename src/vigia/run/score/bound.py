"""Truth, coverage and the detections that were delivered -> the best lead anybody could give.

Three bounds for each arrival, all [s] before it, None where nothing could be known:

- cover: since when the attacker was where some sensor or eye could see it at all;
- warning: since when enough had truly been delivered to say "something comes";
- danger: since when a place had been delivered, so that "take cover" was possible.

Neither of the last two counts time before the attacker made up its mind: a drone that circles
gives nobody a reason. Shares nothing with the judges it judges (an import contract checks that).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from vigia.events import Sighting
from vigia.geo import angle_diff_deg, bearing_deg_true
from vigia.run.score.truth import STEP_S
from vigia.run.simulate.paths import Path, distance
from vigia.run.simulate.sensors import MASK_M, MASK_RANGE_M, SIGMAS, is_down
from vigia.run.simulate.witnesses import EAR_M, SEE_M, SEEN_SIGMA_DEG
from vigia.terms import Motion

if TYPE_CHECKING:
    from vigia.geo import Enu
    from vigia.run.score.truth import Encounter
    from vigia.run.simulate.emission import Look
    from vigia.run.simulate.oracle import Received
    from vigia.run.simulate.world import Flyer, SimSensor, Walker, World

PLACED = frozenset({"radar", "remote_id"})
LOOKS, WINDOW_S = 3, 10.0  # a track needs that many looks of one sensor in that time
CROSSING_DEG = 10.0  # two bearings that cross at least so say that something comes,
CROSSING_M = 300.0  # and where, when one pair places it this well (1 sigma): four halve it
NEARBY = frozenset({"acoustic", "camera"})  # a bearing of what reaches so short a way is a place
REPORT_RANGE_M = 1200.0  # a report warns people this near to the one who made it
BESIDE_M = 100.0  # "towards me" means everybody this near
PAIR_S = 5.0  # two bearings cross when they are this near in time
CLOSING_MPS, MIND_S = 2.0, 1.0  # slower than this in that time is no approach
AT_HIM = 0.35  # an approach comes nearer by at least this share of its way
SURE_M = 150.0  # nearer it has made up its mind


class Bound(msgspec.Struct, frozen=True):
    cover_s: float | None
    warning_s: float | None
    danger_s: float | None


class _Seen(NamedTuple):
    t_recv_s: float
    look: Look
    towards: str | None  # the person who said "towards me"


def bound(
    world: World,
    received: Sequence[Received],
    *,
    flyer: Flyer,
    person: Walker,
    met: Encounter,
    t_arrive_s: float,
) -> Bound:
    """The bounds of one arrival. received: what truly reached the watch, in its order."""
    t_mind = minds_s(met, t_arrive_s)
    seen = [s for s in _seen(received, flyer) if s.t_recv_s < t_arrive_s]
    danger = [*_tracks(seen, PLACED), *_crossings(world, flyer, seen, within_m=CROSSING_M)]
    beside, near = (_within(world, person, r, t_arrive_s) for r in (BESIDE_M, REPORT_RANGE_M))
    danger += [s for s in seen if s.towards in beside]
    warning = [*danger, *_tracks(seen, NEARBY)]
    warning += _crossings(world, flyer, seen, within_m=math.inf)
    warning += [s for s in seen if s.look.kind == "person" and s.look.sensor_id in near]
    return Bound(
        _lead(t_arrive_s, _covered_s(world, flyer, t_arrive_s)),
        _lead(t_arrive_s, _first(warning, t_mind)),
        _lead(t_arrive_s, _first(danger, t_mind)),
    )


def minds_s(met: Encounter, t_arrive_s: float) -> float:
    """Since when the flyer has come at this person without a pause [s]: of what it flew in any
    MIND_S, at least AT_HIM went into coming nearer. Nearer than SURE_M it has decided."""
    step = round(MIND_S / STEP_S)
    k = int(np.searchsorted(met.t_s, t_arrive_s))
    while k > 0 and met.m[k - 1] < SURE_M:
        k -= 1
    while k - step >= 0:
        nearer = met.m[k - step] - met.m[k]
        flown = met.flown_m[k] - met.flown_m[k - step]
        if nearer < max(AT_HIM * flown, CLOSING_MPS * MIND_S):
            break
        k -= 1
    return float(met.t_s[max(0, k - step)]) if k >= step else float(met.t_s[0])


def first_detection_s(received: Sequence[Received], flyer: Flyer) -> float | None:
    """When the first true detection of it was delivered [s]."""
    return min((s.t_recv_s for s in _seen(received, flyer)), default=None)


# ---- what was delivered --------------------------------------------------------------------------


def _seen(received: Sequence[Received], flyer: Flyer) -> list[_Seen]:
    found: list[_Seen] = []
    for r in received:
        for look in r.emission.looks:
            if look.flyer_id == flyer.flyer_id and look.healthy:
                body = r.emission.body
                says = isinstance(body, Sighting) and body.motion is Motion.TOWARDS_ME
                found.append(_Seen(r.t_s, look, look.sensor_id if says else None))
    return found


def _tracks(seen: Sequence[_Seen], kinds: frozenset[str]) -> Iterator[_Seen]:
    """Every look that completes LOOKS of one sensor within WINDOW_S."""
    by_sensor: dict[str, list[_Seen]] = defaultdict(list)
    for s in seen:
        if s.look.kind in kinds:
            by_sensor[s.look.sensor_id].append(s)
    for own in by_sensor.values():
        yield from _enough(own)


def _crossings(
    world: World, flyer: Flyer, seen: Sequence[_Seen], *, within_m: float
) -> Iterator[_Seen]:
    """Every bearing that completes LOOKS of those that cross another one, from another place,
    and place the flyer within that (1 sigma)."""
    at: dict[str, Path | Enu] = {s.sensor_id: s.at for s in world.sensors}
    at |= {p.person_id: p.path for p in world.people}
    bearings = [s for s in seen if s.look.kind not in PLACED]
    yield from _enough(
        [s for s in bearings if any(_cross_m(at, flyer, s, b) <= within_m for b in bearings)]
    )


def _enough(looks: Sequence[_Seen]) -> Iterator[_Seen]:
    for k, s in enumerate(looks):
        recent = {o.look.t_s for o in looks[: k + 1] if abs(o.look.t_s - s.look.t_s) <= WINDOW_S}
        if len(recent) >= LOOKS:
            yield s


def _cross_m(at: dict[str, Path | Enu], flyer: Flyer, a: _Seen, b: _Seen) -> float:
    """How well a and b, that was there when a came, place the flyer [m]; NaN: not at all."""
    if b.t_recv_s > a.t_recv_s or abs(a.look.t_s - b.look.t_s) > PAIR_S:
        return math.nan
    drone = flyer.path.at(a.look.t_s)
    one, other = (_where(at[k.look.sensor_id], k.look.t_s) for k in (a, b))
    off = abs(angle_diff_deg(_direction(one, drone), _direction(other, drone)))
    if not CROSSING_DEG <= off <= 180.0 - CROSSING_DEG:
        return math.nan
    across = max(distance(one, drone) * _sigma(a.look), distance(other, drone) * _sigma(b.look))
    return across / math.sin(math.radians(off))


def _sigma(look: Look) -> float:
    """Of a bearing [rad]."""
    return math.radians(SEEN_SIGMA_DEG if look.kind == "person" else SIGMAS[look.kind][0])


def _where(place: Path | Enu, t_s: float) -> Enu:
    return place.at(t_s) if isinstance(place, Path) else place


def _first(enough: Sequence[_Seen], t_mind_s: float) -> float | None:
    """The first moment at which enough is there, on evidence younger than the decision."""
    return min((s.t_recv_s for s in enough if s.look.t_s >= t_mind_s), default=None)


def _within(world: World, person: Walker, range_m: float, t_s: float) -> frozenset[str]:
    """Who is that near to him, he himself too."""
    here = person.path.at(t_s)
    return frozenset(p.person_id for p in world.people if distance(p.path.at(t_s), here) <= range_m)


def _lead(t_arrive_s: float, t_s: float | None) -> float | None:
    return None if t_s is None or t_s >= t_arrive_s else t_arrive_s - t_s


def _direction(a: Enu, b: Enu) -> float:
    return bearing_deg_true(de_m=b.e_m - a.e_m, dn_m=b.n_m - a.n_m)


# ---- coverage ------------------------------------------------------------------------------------


def _covered_s(world: World, flyer: Flyer, t_arrive_s: float) -> float | None:
    """Since when it was in somebody's view, up to the arrival without a gap of WINDOW_S."""
    times = np.arange(flyer.path.t_s[0], t_arrive_s, 1.0)
    inside = [float(t) for t in times if _in_view(world, flyer, float(t))]
    if not inside or t_arrive_s - inside[-1] > WINDOW_S:
        return None
    first = inside[-1]
    for later, earlier in pairwise(reversed(inside)):
        if later - earlier > WINDOW_S:
            break
        first = earlier
    return first


def _in_view(world: World, flyer: Flyer, t_s: float) -> bool:
    at = flyer.path.at(t_s)
    if any(_sensor_sees(s, flyer, at, t_s) for s in world.sensors):
        return True
    reach = EAR_M if world.night else SEE_M
    return any(
        p.looks_out and math.hypot(distance(p.path.at(t_s), at), at.u_m) <= reach
        for p in world.people
    )


def _sensor_sees(s: SimSensor, flyer: Flyer, at: Enu, t_s: float) -> bool:
    if is_down(s.link_down, t_s) or is_down(s.garbled, t_s):
        return False
    r = math.hypot(distance(s.at, at), at.u_m - s.at.u_m)
    hidden = at.u_m < MASK_M and r > MASK_RANGE_M and s.kind != "rf"
    if r > s.range_m or hidden:
        return False
    return {"rf": flyer.emits_rf, "remote_id": flyer.serial is not None}.get(s.kind, True)
