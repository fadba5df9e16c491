"""A seed -> the `make demo` scenario: settings, invented people, and an endless stream of inputs.

One cycle of CYCLE_S: a drone idles beyond the posts (WATCH), turns in (WARNING), comes (DANGER),
hangs above, leaves; the demo's watch officer gives all clear; a pause. Some cycles bring more
than one. Everything is invented: nobody's names, an empty stretch of desert.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, TypeAlias

from vigia.events import (
    Acknowledged,
    AgencyAdded,
    Alert,
    AllClear,
    CoreSettings,
    Input,
    PersonAdded,
    Post,
    SensorSite,
)
from vigia.geo import Enu, Site
from vigia.run.simulate.emission import Emission
from vigia.run.simulate.paths import Path, standing
from vigia.run.simulate.phones import Phone
from vigia.run.simulate.sensors import machines
from vigia.run.simulate.witnesses import witnesses
from vigia.run.simulate.world import Flyer, Network, SimSensor, Walker, World
from vigia.terms import Lang, Mark, Position, Role

if TYPE_CHECKING:
    from vigia.run.simulate.world import SensorKind

Arriving: TypeAlias = tuple[int, str, Input]  # t_recv_ns, source, body

CYCLE_S = 150.0
T_APPEAR_S, T_TURN_S, T_FAST_S, T_HIT_S, T_LEAVE_S, T_GONE_S = 2.0, 17.0, 42.0, 90.0, 94.0, 102.0
ALL_CLEAR_S = 116.0
IDLE_M, IDLE_MPS = 1000.0, 11.0  # where and how fast it idles before it turns in
SLOW_MPS = 8.0  # at first it comes slowly
LATE_S = 2.5  # between two of a raid
HOBBY_M = 3700.0  # beyond the watch radius: on the map, alarms nobody
SITE = Site(lat_deg=31.805, lon_deg=-107.165, alt_hae_m=1265.0)
AGENCY = AgencyAdded(agency_id="demo", name="Demo Sector")
POSTS = {
    "ocotillo": ("Post Ocotillo", Enu(0.0, 250.0, 0.0)),
    "tres-lomas": ("Post Tres Lomas", Enu(-750.0, 420.0, 0.0)),
    "vado": ("Post Vado Seco", Enu(180.0, -480.0, 0.0)),
}
# id, name, language, post, radius of his round [m] (0: stands at the post)
CAST = (
    ("demo-1", "Mara Finch", Lang.EN, "ocotillo", 0.0),
    ("demo-2", "Rey Solano", Lang.ES, "ocotillo", 45.0),
    ("demo-3", "Inés Luján", Lang.ES, "vado", 0.0),
    ("demo-4", "Theo Brandt", Lang.EN, "tres-lomas", 60.0),
)
OFFICER = "demo-watch"
# kind, place, range [m]
SENSORS: tuple[tuple[SensorKind, Enu, float], ...] = (
    ("radar", Enu(-120.0, 100.0, 6.0), 2300.0),
    ("rf", Enu(60.0, 280.0, 8.0), 3500.0),
    ("remote_id", Enu(0.0, 250.0, 5.0), 6000.0),
)


class DemoFeed:
    """The same seed plays the same demo. `events` never ends; stop asking."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._walkers = tuple(_walker(*who) for who in CAST)
        self._phones = {w.person_id: Phone(w, f"{w.person_id}-phone") for w in self._walkers}
        self._rng = Random(f"demo/{seed}/answers")

    def settings(self) -> CoreSettings:
        o = SITE.origin
        return CoreSettings(
            mode=Mark.DEMO,
            origin=Position(o.lat_deg, o.lon_deg, o.alt_hae_m),
            posts=tuple(
                Post(post_id=post_id, name=name, position=_position(at))
                for post_id, (name, at) in POSTS.items()
            ),
            sensors=tuple(
                SensorSite(
                    sensor_id=f"demo-{kind}",
                    kind=kind,
                    position=_position(at),
                    simulated=True,
                    range_max_m=range_m,
                    p_detect=0.8,
                    silent_after_s=30.0 if kind == "radar" else None,
                )
                for kind, at, range_m in SENSORS
            ),
        )

    def people(self) -> list[AgencyAdded | PersonAdded]:
        found: list[AgencyAdded | PersonAdded] = [AGENCY]
        found += [
            PersonAdded(
                person_id=w.person_id, name=w.name, agency_id=AGENCY.agency_id, role=w.role,
                lang=w.lang, post_id=w.post_id,
            )
            for w in self._walkers
        ]  # fmt: skip
        found.append(
            PersonAdded(
                person_id=OFFICER, name="Dana Holt", agency_id=AGENCY.agency_id,
                role=Role.WATCH_OFFICER,
            )
        )  # fmt: skip
        return found

    def events(self, t0_ns: int) -> Iterator[Arriving]:
        """In order of arrival; the first cycle begins at t0_ns."""
        late: list[Emission] = []
        cycle = 0
        while True:
            world = self._cycle(cycle, t0_ns + round(cycle * CYCLE_S * 1e9))
            emissions = [*late, *machines(world), *witnesses(world), _all_clear()]
            emissions.sort(key=lambda e: e.t_recv_s)
            late = [
                Emission(e.t_recv_s - CYCLE_S, e.source, e.body)
                for e in emissions
                if e.t_recv_s >= CYCLE_S
            ]
            for e in emissions:
                if e.t_recv_s < CYCLE_S:
                    yield world.ns(e.t_recv_s), e.source, e.body
            cycle += 1

    def answers(self, alert: Alert, t_ns: int) -> list[Arriving]:
        """What the invented people answer to an alert delivered to them at t_ns; empty for
        anybody else. Hand each in at its time."""
        phone = self._phones.get(alert.person_id or "")
        if phone is None:
            return []
        found: list[Arriving] = []
        for answer in phone.take(alert, t_ns, self._rng):
            body: Acknowledged = answer.body
            at_ns = t_ns + round((answer.after_s + 0.2) * 1e9)
            found.append((at_ns, phone.device_id, body))
        return found

    def _cycle(self, cycle: int, t0_ns: int) -> World:
        seed = self._seed * 1000 + cycle
        rng = Random(f"demo/{seed}")
        goals = [w.path.at(T_HIT_S) for w in self._walkers[:3]]
        raid = (1, 2, 3)[cycle % 3] if cycle else 2
        az = math.radians(180.0 + rng.uniform(-35.0, 35.0))  # from beyond the southern line
        flyers = [
            _raider(
                rng, f"c{cycle}f{k}", goals[(cycle + k) % len(goals)], az + 0.12 * k, LATE_S * k
            )
            for k in range(raid)
        ]
        return World(
            seed=seed, duration_s=CYCLE_S, until_s=CYCLE_S, settings=self.settings(),
            input_mark=Mark.DEMO, output_mark=Mark.DEMO, site=SITE, people=self._walkers,
            flyers=(*flyers, _hobby()), sensors=_sensors(),
            network=Network(loss=0.01, duplicate=0.01, straggler=0.01), crash=None,
            all_clear_s=ALL_CLEAR_S, t0_ns=t0_ns,
        )  # fmt: skip


def _walker(person_id: str, name: str, lang: Lang, post_id: str, round_m: float) -> Walker:
    home = POSTS[post_id][1]
    path = standing(home, t_end_s=CYCLE_S)
    if round_m:  # a closed round, so that cycles join
        times = tuple(CYCLE_S * k / 12 for k in range(13))
        turn = [2.0 * math.pi * k / 12 for k in range(13)]
        path = Path(
            times,
            tuple(
                Enu(home.e_m + round_m * math.sin(a), home.n_m + round_m * math.cos(a), 0.0)
                for a in turn
            ),
        )
    return Walker(
        person_id=person_id, name=name, role=Role.AGENT, lang=lang, post_id=post_id, path=path,
        shares=((0.0, CYCLE_S),) if round_m else (), looks_out=True,
        device_id=f"{person_id}-phone", compass_bias_deg=3.0, clock_skew_s=0.0, link_down=(),
    )  # fmt: skip


def _raider(rng: Random, flyer_id: str, goal: Enu, az: float, late_s: float) -> Flyer:
    """Idles across the line of approach, turns in, hangs above its goal, leaves."""
    height = rng.uniform(45.0, 75.0)

    def out(r_m: float, side_m: float) -> Enu:
        return Enu(
            goal.e_m + r_m * math.sin(az) + side_m * math.cos(az),
            goal.n_m + r_m * math.cos(az) - side_m * math.sin(az),
            height,
        )

    idle_m = IDLE_MPS * (T_TURN_S - T_APPEAR_S)
    times = (T_APPEAR_S, T_TURN_S, T_FAST_S, T_HIT_S, T_LEAVE_S, T_GONE_S)
    gone = Enu(goal.e_m + 230.0, goal.n_m + 40.0, 20.0)  # eastwards, where nobody stands
    fast = out(IDLE_M - SLOW_MPS * (T_FAST_S - T_TURN_S), 0.0)
    points = (out(IDLE_M, idle_m), out(IDLE_M, 0.0), fast, out(0.0, 0.0), out(0.0, 4.0), gone)
    return Flyer(
        flyer_id=flyer_id, kind="drone", behaviour="hover_drop",
        path=Path(tuple(t + late_s for t in times), points),
        target="", emits_rf=True, load=True,
    )  # fmt: skip


def _hobby() -> Flyer:
    """A pilot far off who broadcasts Remote ID; whole rounds in a cycle, so that cycles join."""
    n, turns = 75, 3
    points = tuple(
        Enu(
            -900.0 + 140.0 * math.sin(2.0 * math.pi * turns * k / n),
            HOBBY_M + 140.0 * math.cos(2.0 * math.pi * turns * k / n),
            60.0,
        )
        for k in range(n + 1)
    )
    return Flyer(
        flyer_id="hobby", kind="drone", behaviour="hobby",
        path=Path(tuple(CYCLE_S * k / n for k in range(n + 1)), points),
        serial="DEMOHOBBY0001", emits_rf=False,
    )  # fmt: skip


def _sensors() -> tuple[SimSensor, ...]:
    return tuple(
        SimSensor(
            sensor_id=f"demo-{kind}", kind=kind, at=at, range_m=range_m,
            period_s=1.5 if kind == "rf" else 1.0, phase_s=0.1 + 0.3 * k, clutter=0.0,
            boresight_deg=0.0, clock_skew_s=0.0, link_down=(), dies_s=None,
        )
        for k, (kind, at, range_m) in enumerate(SENSORS)
    )  # fmt: skip


def _all_clear() -> Emission:
    word = AllClear(by_person_id=OFFICER, reason="Demo: it left to the south, sky searched")
    return Emission(ALL_CLEAR_S, "demo-console", word)


def _position(at: Enu) -> Position:
    p = SITE.to_latlon(e_m=at.e_m, n_m=at.n_m, u_m=at.u_m)
    return Position(p.lat_deg, p.lon_deg, p.alt_hae_m)
