"""One seed -> one World: places, people, flyers, sensors, network; the truth at any time.

Everything comes from `random.Random(f"{seed}/{part}")`, so a part can grow without moving the
others. A world is input only; what it leads to is decided by the core and judged by oracle.py.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from vigia.events import CoreSettings, Policy, Post, SensorSite
from vigia.geo import Enu, Site
from vigia.run.simulate import paths
from vigia.run.simulate.channels import CHANNELS
from vigia.run.simulate.paths import Path, distance
from vigia.terms import Channel, Lang, Mark, Position, Role

if TYPE_CHECKING:
    from collections.abc import Callable

T0_NS = 1_767_225_600_000_000_000  # 2026-01-01, when every world begins
S_NS = 1_000_000_000
CLEARANCE_M = 130.0  # what is no attack stays farther than this from everybody
REDRAW_MAX = 30
SETUP_S = 1.0  # nothing flies before the watch knows its people

FlyerKind: TypeAlias = Literal["drone", "bird", "aircraft"]
SensorKind: TypeAlias = Literal["radar", "camera", "rf", "acoustic", "remote_id"]
Span: TypeAlias = tuple[float, float]


class Flyer(msgspec.Struct, frozen=True, kw_only=True):
    """Anything in the air. target: the person an attacker flies at."""

    flyer_id: str
    kind: FlyerKind
    behaviour: str
    path: Path
    target: str | None = None
    serial: str | None = None  # broadcasts Remote ID
    emits_rf: bool = False
    load: bool = False
    only_by: tuple[str, ...] | None = None  # not there: these sensors show it, nobody else


class Walker(msgspec.Struct, frozen=True, kw_only=True):
    """A person and his phone. shares: when the phone tells where he is."""

    person_id: str
    name: str
    role: Role
    lang: Lang
    post_id: str | None
    path: Path
    shares: tuple[Span, ...]
    looks_out: bool  # presses DRONE SEEN
    device_id: str | None  # None: no phone; his post's other people tell him
    compass_bias_deg: float
    clock_skew_s: float  # what is left after correction by the server
    link_down: tuple[Span, ...]


class SimSensor(msgspec.Struct, frozen=True, kw_only=True):
    """A machine that observes, with what is wrong with it."""

    sensor_id: str
    kind: SensorKind
    at: Enu
    range_m: float
    period_s: float
    phase_s: float
    clutter: float  # mean false detections in a look
    boresight_deg: float
    clock_skew_s: float
    link_down: tuple[Span, ...]
    dies_s: float | None
    classifies: bool = False  # says at times what it believes to see
    garbled: tuple[Span, ...] = ()  # its link gives random rows in place of what it saw

    @property
    def healthy(self) -> bool:
        """Its clock deserves trust; the oracle demands nothing of others."""
        return abs(self.clock_skew_s) <= 0.5


class Network(msgspec.Struct, frozen=True, kw_only=True):
    loss: float
    duplicate: float
    straggler: float  # share that comes 2 to 8 s late


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """The watch process dies at t_s and is back down_s later. The last uncommitted_s of inputs
    never reached the disk; the last snapshot is snapshot_age_s old."""

    t_s: float
    down_s: float
    uncommitted_s: float
    snapshot_age_s: float


class World(msgspec.Struct, frozen=True, kw_only=True):
    seed: int
    duration_s: float
    until_s: float  # machines and phones speak as long as this
    settings: CoreSettings
    input_mark: Mark
    output_mark: Mark  # what everything derived from sensors must carry
    site: Site
    people: tuple[Walker, ...]
    flyers: tuple[Flyer, ...]
    sensors: tuple[SimSensor, ...]
    network: Network
    crash: Crash | None
    all_clear_s: float | None
    t0_ns: int = T0_NS
    alive_s: float = 0.0  # heartbeats of machines go on as long as this when nothing else is said
    acts: bool = True  # people report attacks, raise, err and take back (acts.py)
    night: bool = False  # people hear, and see nothing

    def ns(self, t_s: float) -> int:
        """World seconds -> the absolute time of events."""
        return self.t0_ns + round(t_s * 1e9)

    def position(self, at: Enu, sigma_m: float | None = None) -> Position:
        p = self.site.to_latlon(e_m=at.e_m, n_m=at.n_m, u_m=at.u_m)
        return Position(p.lat_deg, p.lon_deg, p.alt_hae_m, sigma_m)


def ns(t_s: float) -> int:
    """World seconds -> the absolute time of events."""
    return T0_NS + round(t_s * 1e9)


def seconds(t_ns: int) -> float:
    return (t_ns - T0_NS) / 1e9


def make_world(seed: int) -> World:
    """The same seed gives the same world, on every machine."""
    rng = Random(f"{seed}/place")
    duration = rng.uniform(45.0, 70.0)
    site = Site(
        lat_deg=31.79 + rng.uniform(-3, 3), lon_deg=-106.75 + rng.uniform(-8, 8), alt_hae_m=1200.0
    )
    post_spots = _spread(rng, rng.randint(1, 3), apart_m=350.0, within_m=900.0)
    people = _people(Random(f"{seed}/people"), post_spots, duration)
    flyers = _flyers(Random(f"{seed}/flyers"), people, duration)
    sensors = _sensors(Random(f"{seed}/sensors"), duration)
    rng = Random(f"{seed}/faults")
    mode, input_mark, output_mark = rng.choices(
        (
            (Mark.DEMO, Mark.DEMO, Mark.DEMO),
            (Mark.EXERCISE, Mark.EXERCISE, Mark.EXERCISE),
            (Mark.ACTUAL, Mark.ACTUAL, Mark.EXERCISE),  # declared simulators beside real people
        ),
        weights=(5, 4, 1),
    )[0]
    calm = rng.random() < 0.3
    network = Network(
        loss=0.0 if calm else rng.uniform(0.0, 0.06),
        duplicate=0.0 if calm else rng.uniform(0.0, 0.05),
        straggler=0.0 if calm else 0.02,
    )
    crash = None
    if rng.random() < 0.35:
        crash = Crash(
            t_s=rng.uniform(8.0, duration - 5.0),
            down_s=rng.uniform(1.0, 5.0),
            uncommitted_s=rng.choice((0.0, rng.uniform(0.0, 0.5), rng.uniform(0.0, 2.0))),
            snapshot_age_s=rng.uniform(0.0, 6.0),
        )
    bare = World(
        seed=seed, duration_s=duration, until_s=duration + 25.0,
        settings=CoreSettings(mode=mode, origin=Position(0.0, 0.0)),
        input_mark=input_mark, output_mark=output_mark, site=site, people=people, flyers=flyers,
        sensors=sensors, network=network, crash=crash,
        all_clear_s=duration + rng.uniform(0.0, 5.0) if rng.random() < 0.4 else None,
    )  # fmt: skip
    return msgspec.structs.replace(bare, settings=_settings(rng, bare, post_spots, mode))


def _settings(rng: Random, world: World, posts: list[Enu], mode: Mark) -> CoreSettings:
    o = world.site.origin
    return CoreSettings(
        mode=mode,
        origin=Position(o.lat_deg, o.lon_deg, o.alt_hae_m),
        posts=tuple(
            Post(post_id=f"p{k}", name=f"Post {k}", position=world.position(at))
            for k, at in enumerate(posts)
        ),
        sensors=tuple(
            SensorSite(
                sensor_id=s.sensor_id,
                kind=s.kind,
                position=world.position(s.at),
                simulated=world.input_mark is not world.output_mark,
                false_per_hour=max(1.0, min(2000.0, s.clutter * 3600.0 / s.period_s)),
                range_max_m=s.range_m,
                p_detect=0.75,
                silent_after_s=None if s.kind in ("remote_id", "rf") else 12.0,
            )
            for s in world.sensors
        ),
        policy=Policy(
            expire_s=rng.choice((20.0, 30.0, 40.0)),
            hold_s=rng.choice((8.0, 15.0)),
            blind_s=30.0,
            prove_s=15.0,
        ),
        channels=(*CHANNELS, Channel.COT) if rng.random() < 0.4 else CHANNELS,
    )


def _spread(rng: Random, n: int, *, apart_m: float, within_m: float) -> list[Enu]:
    spots: list[Enu] = []
    for _ in range(n * REDRAW_MAX):
        at = Enu(rng.uniform(-within_m, within_m), rng.uniform(-within_m, within_m), 0.0)
        if len(spots) < n and all(distance(at, other) >= apart_m for other in spots):
            spots.append(at)
    return spots


# ---- people --------------------------------------------------------------------------------------


def _people(rng: Random, posts: list[Enu], duration_s: float) -> tuple[Walker, ...]:
    """Two to four agents and one watch officer, who has no place and is not warned."""
    end = duration_s + 200.0
    found: list[Walker] = []
    for k in range(rng.randint(2, 4)):
        post = rng.randrange(len(posts))
        home = posts[post]
        walks = rng.random() < 0.5
        start = Enu(home.e_m + rng.uniform(-250, 250), home.n_m + rng.uniform(-250, 250), 0.0)
        path = (
            paths.walking(rng, start, t_end_s=end) if walks else paths.standing(home, t_end_s=end)
        )
        stops = walks and rng.random() < 0.15
        shares: tuple[Span, ...] = ((2.0, duration_s * 0.6 if stops else end),) if walks else ()
        down: tuple[Span, ...] = ()
        if rng.random() < 0.25:
            at = rng.uniform(5.0, duration_s)
            down = ((at, at + rng.uniform(3.0, 20.0)),)
        found.append(
            Walker(
                person_id=f"a{k}",
                name=f"Agent {k}",
                role=Role.AGENT,
                lang=rng.choice((Lang.EN, Lang.ES)),
                post_id=f"p{post}",
                path=path,
                shares=shares,
                looks_out=rng.random() < 0.5,
                device_id=None if rng.random() < 0.05 else f"d{k}",
                compass_bias_deg=rng.gauss(0.0, 6.0),
                clock_skew_s=rng.gauss(0.0, 0.2),
                link_down=down,
            )
        )
    officer = Walker(
        person_id="w0", name="Watch Officer", role=Role.WATCH_OFFICER, lang=Lang.EN, post_id=None,
        path=paths.standing(Enu(0.0, 0.0, 0.0), t_end_s=end), shares=(), looks_out=False,
        device_id="dw", compass_bias_deg=0.0, clock_skew_s=0.0, link_down=(),
    )  # fmt: skip
    return (*found, officer)


# ---- flyers --------------------------------------------------------------------------------------

_ATTACKS = {
    "direct": (paths.direct, 4),
    "weaving": (paths.weaving, 3),
    "loiter_dash": (paths.loiter_dash, 2),
    "hover_drop": (paths.hover_drop, 3),
    "pop_up": (paths.pop_up, 2),
}
_HARMLESS = {
    "fly_by": (paths.fly_by, 3),
    "go_home": (paths.go_home, 2),
    "hobby": (paths.circling, 2),
}


def _flyers(rng: Random, people: tuple[Walker, ...], duration_s: float) -> tuple[Flyer, ...]:
    found: list[Flyer] = []
    agents = [p for p in people if p.role is Role.AGENT]
    if rng.random() < 0.6:
        raid = rng.randint(2, 5) if rng.random() < 0.2 else 1
        az, goal, t_hit = rng.uniform(0.0, 6.28), rng.choice(agents), rng.uniform(24.0, duration_s)
        for k in range(raid):
            if k and rng.random() < 0.4:
                goal = rng.choice(agents)
            spread = az + (rng.gauss(0.0, 0.15) if k else 0.0)
            late = t_hit + (rng.uniform(0.0, 12.0) if k else 0.0)
            found.append(_attacker(rng, len(found), goal, t_hit_s=late, az=spread))
    for _ in range(rng.choice((0, 0, 1, 1, 2)) if found else rng.choice((0, 1, 1, 2))):
        harmless = _bystander(rng, len(found), agents, duration_s)
        if harmless is not None:
            found.append(harmless)
    near = rng.choice(agents).path.at(0.0)
    for kind, make, chance in (("bird", paths.bird, 0.5), ("aircraft", paths.aircraft, 0.15)):
        if rng.random() < chance:
            path = make(rng, near, t_start_s=SETUP_S, t_end_s=duration_s)
            found.append(
                Flyer(
                    flyer_id=f"f{len(found)}",
                    kind="bird" if kind == "bird" else "aircraft",
                    behaviour=kind,
                    path=path,
                )
            )
    return tuple(found)


def _attacker(rng: Random, k: int, goal: Walker, *, t_hit_s: float, az: float) -> Flyer:
    name = _pick(rng, _ATTACKS)
    start = SETUP_S + rng.uniform(0.0, max(0.0, t_hit_s - 45.0))
    path = _ATTACKS[name][0](rng, goal.path.at(t_hit_s), t_start_s=start, t_hit_s=t_hit_s, az=az)
    return Flyer(
        flyer_id=f"f{k}", kind="drone", behaviour=name, path=path, target=goal.person_id,
        serial=f"SIM{k:04d}X{rng.randrange(10**6):06d}" if rng.random() < 0.3 else None,
        emits_rf=rng.random() < 0.7, load=rng.random() < 0.6,
    )  # fmt: skip


def _bystander(rng: Random, k: int, agents: list[Walker], duration_s: float) -> Flyer | None:
    """A harmless drone that stays clear of everybody; None when chance finds none."""
    for _ in range(REDRAW_MAX):
        name = _pick(rng, _HARMLESS)
        near = rng.choice(agents).path.at(duration_s / 2.0)
        path = _HARMLESS[name][0](rng, near, t_start_s=SETUP_S, t_end_s=duration_s)
        if all(
            distance(path.at(float(t)), p.path.at(float(t))) > CLEARANCE_M
            for t in range(int(duration_s) + 1)
            for p in agents
        ):
            serial = f"HOB{k:04d}X{rng.randrange(10**6):06d}"
            return Flyer(
                flyer_id=f"f{k}", kind="drone", behaviour=name, path=path,
                serial=serial if name == "hobby" or rng.random() < 0.4 else None, emits_rf=True,
            )  # fmt: skip
    return None


def _pick(rng: Random, choices: dict[str, tuple[Callable[..., Path], int]]) -> str:
    return rng.choices(list(choices), weights=[w for _, w in choices.values()])[0]


# ---- sensors -------------------------------------------------------------------------------------

_SUITES: tuple[tuple[tuple[SensorKind, ...], int], ...] = (
    (("radar",), 4),
    (("radar", "remote_id"), 4),
    (("radar", "rf"), 2),
    (("radar", "camera"), 1),
    (("remote_id",), 2),
    (("rf", "rf"), 1),
    (("acoustic", "remote_id"), 1),
    ((), 1),  # people's eyes only
)
_PERIOD_S: dict[SensorKind, float] = {
    "radar": 1.0, "camera": 1.0, "rf": 1.5, "acoustic": 1.0, "remote_id": 1.0,
}  # fmt: skip


def _sensors(rng: Random, duration_s: float) -> tuple[SimSensor, ...]:
    suite = rng.choices([s for s, _ in _SUITES], weights=[w for _, w in _SUITES])[0]
    found: list[SimSensor] = []
    for k, kind in enumerate(suite):
        reach = {
            "radar": rng.uniform(1200.0, 2500.0), "camera": rng.uniform(600.0, 1300.0),
            "rf": rng.uniform(2000.0, 4000.0), "acoustic": rng.uniform(150.0, 350.0),
            "remote_id": rng.uniform(1000.0, 3000.0),
        }[kind]  # fmt: skip
        down: tuple[Span, ...] = ()
        if rng.random() < 0.15:
            at = rng.uniform(5.0, duration_s)
            down = ((at, at + rng.uniform(2.0, 12.0)),)
        skew = rng.gauss(0.0, 0.1)
        if rng.random() < 0.05:
            skew = rng.uniform(-4.0, 4.0)  # nobody set this clock
        found.append(
            SimSensor(
                sensor_id=f"{kind}{k}", kind=kind,
                at=Enu(rng.uniform(-300, 300), rng.uniform(-300, 300), rng.uniform(3.0, 10.0)),
                range_m=reach, period_s=_PERIOD_S[kind], phase_s=SETUP_S + rng.random(),
                clutter=rng.choice((0.0, 0.05, 0.3)) if kind == "radar" else 0.005,
                boresight_deg=rng.uniform(0.0, 360.0), clock_skew_s=skew, link_down=down,
                dies_s=rng.uniform(10.0, duration_s) if rng.random() < 0.06 else None,
                classifies=kind in ("radar", "camera") and rng.random() < 0.6,
            )
        )  # fmt: skip
    return tuple(found)
