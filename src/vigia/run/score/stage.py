"""Scene and seed -> World: the simulator's own world, drawn as the scene file says.

Every part has its own `random.Random`, so that a scene can grow without moving the others.
"""

from __future__ import annotations

import math
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from vigia.events import CoreSettings, Post, SensorSite
from vigia.geo import Enu, Site
from vigia.run.score.flights import MAKERS, Aim
from vigia.run.settings import SettingsError
from vigia.run.simulate import paths
from vigia.run.simulate.paths import distance
from vigia.run.simulate.world import SETUP_S, Flyer, Network, SimSensor, Walker, World
from vigia.terms import Lang, Mark, Position, Role

if TYPE_CHECKING:
    from vigia.run.score.scene import Count, FlyerSpec, Range, Scene, SensorSpec
    from vigia.run.simulate.paths import Path
    from vigia.run.simulate.world import SensorKind, Span

REDRAW_MAX = 60  # after that the last draw stays
START_CLEAR_M = 450.0
SHARED = frozenset({"flock_bird"})  # all of a group on one line
AT_POST_M = 12.0  # how far from its middle people at a post stand
LOOSE_M = 350.0  # how far from their post those who walk begin
PEOPLE_S = 900.0  # people's paths are known so long
PERIOD_S: dict[SensorKind, float] = {
    "radar": 1.0, "camera": 1.0, "rf": 1.5, "acoustic": 1.0, "remote_id": 1.0,
}  # fmt: skip
ALIVE_S = 240.0  # until every alert must have expired: a site's sensors do not die with a flight
NETWORK = Network(loss=0.02, duplicate=0.02, straggler=0.01)


def make_stage(scene: Scene, seed: int) -> World:
    """The same scene and seed give the same world, on every machine."""
    key = f"{scene.name}/{scene.version}/{seed}"
    rng = Random(f"{key}/place")
    site = Site(
        lat_deg=31.79 + rng.uniform(-3, 3), lon_deg=-106.75 + rng.uniform(-8, 8), alt_hae_m=1200.0
    )
    posts = _posts(rng, scene)
    people = _people(Random(f"{key}/people"), scene, posts)
    sensors = _sensors(Random(f"{key}/sensors"), scene)
    flyers = _flyers(Random(f"{key}/flyers"), scene, people, sensors)
    duration = max([30.0, *(f.path.t_s[-1] for f in flyers)])
    o = site.origin
    settings = CoreSettings(
        mode=Mark.EXERCISE,
        origin=Position(o.lat_deg, o.lon_deg, o.alt_hae_m),
        posts=tuple(
            Post(post_id=f"p{k}", name=f"Post {k}", position=_position(site, at))
            for k, at in enumerate(posts)
        ),
        sensors=tuple(_declared(site, s, scene) for s in sensors),
    )
    return World(
        seed=int.from_bytes(sha256(key.encode()).digest()[:6], "big"),
        duration_s=duration, until_s=duration + scene.after_s, settings=settings,
        input_mark=Mark.EXERCISE, output_mark=Mark.EXERCISE, site=site, people=people,
        flyers=flyers, sensors=sensors, network=NETWORK, crash=None, all_clear_s=None,
        night=scene.night, acts=False,
        alive_s=duration + scene.after_s + ALIVE_S,
    )  # fmt: skip


def _posts(rng: Random, scene: Scene) -> list[Enu]:
    """Along a line, as at a border, each some way off it."""
    n = _count(rng, scene.posts)
    along = rng.uniform(0.0, 2.0 * math.pi)
    found: list[Enu] = []
    for k in range(n):
        r = (k - (n - 1) / 2.0) * scene.apart_m * rng.uniform(1.0, 1.3)
        off = rng.uniform(-120.0, 120.0)
        found.append(
            Enu(
                r * math.sin(along) + off * math.cos(along),
                r * math.cos(along) - off * math.sin(along),
                0.0,
            )
        )
    return found


# ---- people --------------------------------------------------------------------------------------


def _people(rng: Random, scene: Scene, posts: list[Enu]) -> tuple[Walker, ...]:
    """Some at each post, some on patrol around it, and one watch officer who is not warned."""
    end = PEOPLE_S
    homes = [(k, False) for k in range(len(posts)) for _ in range(_count(rng, scene.at_post))]
    homes += [(rng.randrange(len(posts)), True) for _ in range(_count(rng, scene.walking))]
    found: list[Walker] = []
    for post, walks in homes:
        home, far = posts[post], LOOSE_M if walks else AT_POST_M
        start = Enu(home.e_m + rng.uniform(-far, far), home.n_m + rng.uniform(-far, far), 0.0)
        path = (
            paths.walking(rng, start, t_end_s=end) if walks else paths.standing(start, t_end_s=end)
        )
        k = len(found)
        found.append(
            Walker(
                person_id=f"a{k}", name=f"Agent {k}", role=Role.AGENT,
                lang=rng.choice((Lang.EN, Lang.ES)), post_id=f"p{post}", path=path,
                shares=((SETUP_S, end),) if walks else (),
                looks_out=rng.random() < scene.looks_out, device_id=f"d{k}",
                compass_bias_deg=rng.gauss(0.0, 6.0), clock_skew_s=rng.gauss(0.0, 0.2),
                link_down=(),
            )
        )  # fmt: skip
    officer = Walker(
        person_id="w0", name="Watch Officer", role=Role.WATCH_OFFICER, lang=Lang.EN, post_id=None,
        path=paths.standing(Enu(0.0, 0.0, 0.0), t_end_s=end), shares=(), looks_out=False,
        device_id="dw", compass_bias_deg=0.0, clock_skew_s=0.0, link_down=(),
    )  # fmt: skip
    return (*found, officer)


# ---- flyers --------------------------------------------------------------------------------------


def _flyers(
    rng: Random, scene: Scene, people: tuple[Walker, ...], sensors: tuple[SimSensor, ...]
) -> tuple[Flyer, ...]:
    axis = rng.uniform(0.0, 2.0 * math.pi)
    receivers = tuple(s.sensor_id for s in sensors if s.kind == "remote_id")
    found: list[Flyer] = []
    for spec in scene.flyers:
        if spec.behaviour not in MAKERS:
            raise SettingsError(
                f"scene {scene.name}: got behaviour {spec.behaviour}, need one of "
                f"{', '.join(sorted(MAKERS))}"
            )
        if rng.random() < spec.chance:
            found += _group(rng, spec, len(found), people, axis, receivers)
    return tuple(found)


def _group(
    rng: Random,
    spec: FlyerSpec,
    first: int,
    people: tuple[Walker, ...],
    axis: float,
    receivers: tuple[str, ...],
) -> list[Flyer]:
    """All of one line of a scene. A flock shares its line; others draw their own."""
    agents = [p for p in people if p.role is Role.AGENT]
    t0, found = _draw(rng, spec.arrive_s), list[Flyer]()
    target = rng.choice(agents)
    shared = _aim(rng, spec, target, axis, t0)
    path = MAKERS[spec.behaviour](rng, shared)
    for k in range(_count(rng, spec.count)):
        late = 0.0 if k == 0 else _draw(rng, spec.spread_s)
        for _ in range(REDRAW_MAX):
            target = rng.choice(agents)
            aim = _aim(rng, spec, target, axis, t0 + late)
            path = MAKERS[spec.behaviour](rng, shared if spec.behaviour in SHARED else aim)
            if not spec.attacks or _begins_clear(path, agents):
                break
        number = first + k
        found.append(
            Flyer(
                flyer_id=f"f{number}", kind=spec.kind, behaviour=spec.behaviour,
                path=path,
                target=target.person_id if spec.attacks else None,
                serial=f"SIM{number:04d}X{rng.randrange(10**6):06d}"
                if rng.random() < spec.serial or spec.forged else None,
                emits_rf=rng.random() < spec.rf and not spec.forged,
                load=spec.attacks and rng.random() < spec.load,
                only_by=receivers if spec.forged else None,
            )
        )  # fmt: skip
    return found


def _begins_clear(path: Path, agents: list[Walker]) -> bool:
    """No attack begins under people's eyes."""
    t = path.t_s[0]
    return all(distance(path.at(t), p.path.at(t)) >= START_CLEAR_M for p in agents)


def _aim(rng: Random, spec: FlyerSpec, target: Walker, axis: float, t_s: float) -> Aim:
    half = math.radians(spec.sector_deg) / 2.0
    return Aim(
        goal=target.path.at(t_s), az=axis + rng.uniform(-half, half), t_s=t_s,
        flies_s=_draw(rng, spec.flies_s), speed_mps=_draw(rng, spec.speed_mps),
        height_m=_draw(rng, spec.height_m), miss_m=_draw(rng, spec.miss_m),
        stay_s=_draw(rng, spec.stay_s),
    )  # fmt: skip


# ---- sensors -------------------------------------------------------------------------------------


def _sensors(rng: Random, scene: Scene) -> tuple[SimSensor, ...]:
    down = _link_spans(rng, scene)
    found: list[SimSensor] = []
    for k, spec in enumerate(scene.sensors):
        if rng.random() >= spec.chance:
            continue
        garbled, silent = down.get(spec.link, ((), ()))
        found.append(_sensor(rng, spec, f"{spec.kind}{k}", garbled=garbled, silent=silent))
    return tuple(found)


def _sensor(
    rng: Random,
    spec: SensorSpec,
    sensor_id: str,
    *,
    garbled: tuple[Span, ...],
    silent: tuple[Span, ...],
) -> SimSensor:
    r, az = _draw(rng, spec.off_m), rng.uniform(0.0, 2.0 * math.pi)
    return SimSensor(
        sensor_id=sensor_id, kind=spec.kind,
        at=Enu(r * math.sin(az), r * math.cos(az), rng.uniform(3.0, 10.0)),
        range_m=_draw(rng, spec.range_m), period_s=PERIOD_S[spec.kind],
        phase_s=SETUP_S + rng.random(), clutter=_draw(rng, spec.clutter),
        boresight_deg=rng.uniform(0.0, 360.0), clock_skew_s=rng.gauss(0.0, 0.1),
        link_down=silent, dies_s=None, classifies=rng.random() < spec.classifies,
        garbled=garbled,
    )  # fmt: skip


def _link_spans(rng: Random, scene: Scene) -> dict[str, tuple[tuple[Span, ...], tuple[Span, ...]]]:
    """link -> (spans of nonsense, spans of silence)."""
    fault = scene.link_fault
    if fault is None:
        return {}
    a = _draw(rng, fault.at_s)
    b = a + _draw(rng, fault.garbled_s)
    c = b + _draw(rng, fault.silent_s)
    return {fault.link: (((a, b),), ((b, c),))}


def _declared(site: Site, s: SimSensor, scene: Scene) -> SensorSite:
    spec = scene.sensors[int(s.sensor_id.removeprefix(s.kind))]
    return SensorSite(
        sensor_id=s.sensor_id,
        kind=s.kind,
        position=_position(site, s.at),
        link=spec.link,
        false_per_hour=max(1.0, min(2000.0, s.clutter * 3600.0 / s.period_s)),
        range_max_m=s.range_m,
        p_detect=0.75,
    )


def _position(site: Site, at: Enu) -> Position:
    p = site.to_latlon(e_m=at.e_m, n_m=at.n_m, u_m=at.u_m)
    return Position(p.lat_deg, p.lon_deg, p.alt_hae_m)


def _draw(rng: Random, span: Range) -> float:
    return rng.uniform(*span)


def _count(rng: Random, span: Count) -> int:
    return rng.randint(*span)
