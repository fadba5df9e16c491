"""World -> what its people report: sightings with human errors, and where their phones are."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING

from vigia.events import PersonMoved, Sighting
from vigia.geo import bearing_deg_true
from vigia.run.simulate.emission import Emission, Look
from vigia.run.simulate.paths import distance
from vigia.run.simulate.sensors import SOUND_MPS, is_down
from vigia.terms import Bearing, DroneKind, Motion, Sense

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.geo import Enu
    from vigia.run.simulate.world import Flyer, Walker, World

SEE_M, SEE_SLOPE_M = 245.0, 65.0  # half of the watchful see a small quad at this range
EAR_M = 130.0
NOTICE_P = 0.35  # chance in a second of looking the right way
SEEN_SIGMA_DEG, HEARD_SIGMA_DEG = 9.0, 20.0
HONEST_DEG = 25.0  # a bearing farther off than this is a mistake; the oracle ignores it
POSITION_EVERY_S = 5.0
PHONE_SIGMA_M = 8.0


def witnesses(world: World) -> list[Emission]:
    """All messages of all phones as they arrive, not in order."""
    found: list[Emission] = []
    for person in world.people:
        rng = Random(f"{world.seed}/person/{person.person_id}")
        found.extend(_positions(world, person, rng))
        if person.looks_out and person.device_id is not None:
            for flyer in world.flyers:
                if flyer.only_by is None:
                    found.extend(_watch(world, person, flyer, rng))
    return found


def _positions(world: World, person: Walker, rng: Random) -> Iterator[Emission]:
    if person.device_id is None:
        return
    for start, end in person.shares:
        t = start
        while t < min(end, world.until_s):
            at = person.path.at(t)
            fix = type(at)(
                at.e_m + rng.gauss(0.0, PHONE_SIGMA_M), at.n_m + rng.gauss(0.0, PHONE_SIGMA_M), 0.0
            )
            body = PersonMoved(
                person_id=person.person_id,
                t_obs_ns=world.ns(t + person.clock_skew_s),
                position=world.position(fix, PHONE_SIGMA_M),
            )
            arrives = t + rng.uniform(0.1, 1.0)
            if not is_down(person.link_down, arrives):
                yield Emission(arrives, person.device_id, body)
            t += POSITION_EVERY_S


def _watch(world: World, person: Walker, flyer: Flyer, rng: Random) -> Iterator[Emission]:
    """At most one sighting of a flyer, what completes it, and one more later."""
    t = math.ceil(flyer.path.t_s[0]) + rng.random()
    end = min(flyer.path.t_s[-1], world.duration_s)
    while t < end:
        sense = _notices(person.path.at(t), flyer, t, rng, night=world.night)
        if sense is not None:
            yield from _report(world, person, flyer, t, sense, rng, nth=0)
            again = t + rng.uniform(6.0, 12.0)
            if again < end and rng.random() < 0.3:
                yield from _report(world, person, flyer, again, sense, rng, nth=1)
            return
        t += 1.0


def _notices(eye: Enu, flyer: Flyer, t: float, rng: Random, *, night: bool) -> Sense | None:
    at = flyer.path.at(t)
    r = math.hypot(distance(eye, at), at.u_m)
    chance = NOTICE_P / (1.0 + math.exp((r - SEE_M) / SEE_SLOPE_M))
    if flyer.kind != "drone":
        chance *= 0.03 if flyer.kind == "bird" else 0.0  # people know helicopters
    if rng.random() < chance and not night:
        return Sense.SEEN
    if flyer.kind == "drone" and r < EAR_M and rng.random() < NOTICE_P:
        return Sense.HEARD
    return None


def _report(
    world: World, person: Walker, flyer: Flyer, t: float, sense: Sense, rng: Random, *, nth: int
) -> Iterator[Emission]:
    eye = person.path.at(t)
    body = _sighting(world, person, flyer, t, sense, rng, nth=nth)
    true = _direction(eye, flyer.path.at(t))
    off = abs((_azimuth(body) - true + 180.0) % 360.0 - 180.0)
    look = Look(person.person_id, "person", flyer.flyer_id, t, off <= HONEST_DEG)
    late = rng.uniform(4.0, 10.0) if rng.random() < 0.2 else rng.uniform(0.2, 1.5)
    yield from _submit(world, person, body, t + late, rng, look)
    if rng.random() < 0.4:  # "three, and they carry something"
        more = Sighting(
            report_id=f"{body.report_id}+",
            t_obs_ns=world.ns(t + late + 3.0),
            person_id=person.person_id,
            device_id=person.device_id,
            refines=body.report_id,
            kind=DroneKind.MULTIROTOR,
            count=1,
            load=flyer.load,
        )
        yield from _submit(world, person, more, t + late + rng.uniform(3.0, 6.0), rng, None)


def _sighting(
    world: World, person: Walker, flyer: Flyer, t: float, sense: Sense, rng: Random, *, nth: int
) -> Sighting:
    eye = person.path.at(t)
    lag = 0.0
    if sense is Sense.HEARD:
        lag = math.hypot(distance(eye, flyer.path.at(t)), flyer.path.at(t).u_m) / SOUND_MPS
    sigma = SEEN_SIGMA_DEG if sense is Sense.SEEN else HEARD_SIGMA_DEG
    azimuth = _direction(eye, flyer.path.at(t - lag)) + person.compass_bias_deg
    closing = distance(flyer.path.at(t + 2.0), eye) < distance(flyer.path.at(t), eye) - 8.0
    tells = rng.random() < 0.6
    sharing = any(a <= t < b for a, b in person.shares)
    away = not sharing and bool(person.shares)
    return Sighting(
        report_id=f"{person.person_id}.{flyer.flyer_id}.{nth}",
        t_obs_ns=world.ns(t + person.clock_skew_s),
        person_id=person.person_id,
        device_id=person.device_id,
        position=world.position(eye, 10.0) if away or (sharing and rng.random() < 0.6) else None,
        bearing=Bearing((azimuth + rng.gauss(0.0, sigma)) % 360.0, 12.0 if lag == 0.0 else 25.0),
        sense=sense,
        motion=Motion.TOWARDS_ME
        if tells and closing and flyer.target == person.person_id
        else None,
        load=True if tells and flyer.load else None,
        t_sigma_s=1.0,
    )


def _submit(
    world: World, person: Walker, body: Sighting, t_send: float, rng: Random, look: Look | None
) -> Iterator[Emission]:
    """A phone sends until it hears "received"; an answer that got lost means one copy more."""
    assert person.device_id is not None
    for _ in range(5):
        lost = is_down(person.link_down, t_send) or rng.random() < world.network.loss
        if not lost:
            looks = () if look is None else (look,)  # an addition is no new observation
            yield Emission(t_send, person.device_id, body, looks, retried=True)
            if rng.random() > 0.15:
                return
        t_send += rng.uniform(1.5, 3.0)


def _direction(eye: Enu, at: Enu) -> float:
    return bearing_deg_true(de_m=at.e_m - eye.e_m, dn_m=at.n_m - eye.n_m)


def _azimuth(body: Sighting) -> float:
    assert body.bearing is not None
    return body.bearing.azimuth_deg_true
