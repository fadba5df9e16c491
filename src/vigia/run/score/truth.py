"""World -> Truth: who was near whom and when, sampled; knows nothing of any policy.

Distances are horizontal, as everywhere: a grenade falls, so height protects nobody.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from vigia.terms import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vigia.run.score.scene import Scene
    from vigia.run.simulate.paths import Path
    from vigia.run.simulate.world import Flyer, Walker, World

STEP_S = 0.5
AIMED_S = 60.0  # straight on it would be above the person within this time


class Encounter(NamedTuple):
    """One flyer and one person. t_s (n,) [s] while it flies; m (n,) horizontal distance [m];
    aimed (n,): flown straight on it comes within the danger radius in AIMED_S; flown_m (n,): its
    way so far [m]; up_m (n,)."""

    person_id: str
    flyer_id: str
    behaviour: str
    drone: bool
    attacks: bool
    t_s: NDArray[np.float64]
    m: NDArray[np.float64]
    aimed: NDArray[np.bool_]
    flown_m: NDArray[np.float64]
    up_m: NDArray[np.float64]


class Truth(NamedTuple):
    """radius_m: the danger radius. people: those who are to be warned."""

    scene: str
    seed: int
    radius_m: float
    t_end_s: float
    people: tuple[str, ...]
    encounters: tuple[Encounter, ...]


def truth_of(world: World, *, scene: str, seed: int) -> Truth:
    """What is real only: forged broadcasts and artefacts are near nobody."""
    radius = world.settings.policy.danger_radius_m
    agents = [p for p in world.people if p.role is Role.AGENT]
    return Truth(
        scene=scene,
        seed=seed,
        radius_m=radius,
        t_end_s=world.until_s,
        people=tuple(p.person_id for p in agents),
        encounters=tuple(
            encounter(f, p, radius_m=radius)
            for f in world.flyers
            if f.only_by is None
            for p in agents
        ),
    )


def encounter(flyer: Flyer, person: Walker, *, radius_m: float) -> Encounter:
    t = np.arange(flyer.path.t_s[0], flyer.path.t_s[-1] + 1e-9, STEP_S)
    at = _plan(flyer.path, t)
    d = at - _plan(person.path, t)
    m = np.hypot(d[:, 0], d[:, 1])
    v = _plan(flyer.path, t + 0.5) - _plan(flyer.path, t - 0.5)  # in one second
    return Encounter(
        person_id=person.person_id,
        flyer_id=flyer.flyer_id,
        behaviour=flyer.behaviour,
        drone=flyer.kind == "drone",
        attacks=flyer.target is not None,
        t_s=t,
        m=m,
        aimed=_aimed(d, v, radius_m=radius_m),
        flown_m=np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(at, axis=0).T)))),
        up_m=np.interp(t, flyer.path.t_s, [p.u_m for p in flyer.path.points]),
    )


def _aimed(d: NDArray[np.float64], v: NDArray[np.float64], *, radius_m: float) -> NDArray[np.bool_]:
    """d (n, 2): person -> flyer [m]; v (n, 2) [m/s]."""
    speed2 = (v**2).sum(axis=1)
    t_near = -(d * v).sum(axis=1) / np.maximum(speed2, 1e-6)
    t_near = np.clip(t_near, 0.0, AIMED_S)
    near = d + v * t_near[:, None]
    return np.hypot(near[:, 0], near[:, 1]) <= radius_m


def _plan(path: Path, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) east, north [m]; clamped to the ends, as Path.at is."""
    e = [p.e_m for p in path.points]
    n = [p.n_m for p in path.points]
    return np.column_stack((np.interp(t_s, path.t_s, e), np.interp(t_s, path.t_s, n)))


def truth_file(scene: Scene, world: World, truth: Truth) -> bytes:
    """The truth of one seed as JSON, for others to inspect apart from any policy."""
    return msgspec.json.format(
        msgspec.json.encode(
            {
                "scene": scene.name,
                "version": scene.version,
                "seed": truth.seed,
                "danger_radius_m": truth.radius_m,
                "night": world.night,
                "posts": [msgspec.to_builtins(p) for p in world.settings.posts],
                "sensors": [msgspec.to_builtins(s) for s in world.sensors],
                "people": [_person(p) for p in world.people if p.role is Role.AGENT],
                "flyers": [_flyer(f) for f in world.flyers],
                "endangered": [
                    {"person_id": e.person_id, "flyer_id": e.flyer_id, "t_arrive_s": t}
                    for e in truth.encounters
                    if e.attacks and (t := first_within(e, truth.radius_m)) is not None
                ],
            }
        ),
        indent=1,
    )


def first_within(e: Encounter, radius_m: float) -> float | None:
    """When the flyer first is that near [s]; None: never."""
    inside = np.flatnonzero(e.m <= radius_m)
    return float(e.t_s[inside[0]]) if len(inside) else None


def last_within(e: Encounter, radius_m: float) -> float:
    """When it last is [s]; -inf: never."""
    inside = np.flatnonzero(e.m <= radius_m)
    return float(e.t_s[inside[-1]]) if len(inside) else -math.inf


def nearest_m(e: Encounter, *, t_from_s: float, t_to_s: float) -> float:
    """Nearest distance in a span [m]; inf when it does not fly then."""
    inside = (e.t_s >= t_from_s) & (e.t_s <= t_to_s)
    return float(e.m[inside].min()) if inside.any() else math.inf


def _person(p: Walker) -> dict[str, Any]:
    return {"person_id": p.person_id, "post_id": p.post_id, "path": _corners(p.path)}


def _flyer(f: Flyer) -> dict[str, Any]:
    return {
        "flyer_id": f.flyer_id,
        "kind": f.kind,
        "behaviour": f.behaviour,
        "attacks": f.target,
        "remote_id": f.serial,
        "emits_rf": f.emits_rf,
        "load": f.load,
        "only_in": f.only_by,
        "path": _corners(f.path),
    }


def _corners(path: Path) -> list[list[float]]:
    """[t_s, east_m, north_m, up_m] of every corner."""
    return [
        [round(t, 2), round(p.e_m, 1), round(p.n_m, 1), round(p.u_m, 1)]
        for t, p in zip(path.t_s, path.points, strict=True)
    ]
