"""World -> what its people do besides looking: attack reports, raises, second thoughts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vigia.alert_terms import Via
from vigia.events import (
    AlertRaised,
    AllClear,
    AllClearReversed,
    AttackReported,
    ReportConfirmed,
    Undone,
)
from vigia.run.simulate.emission import Emission
from vigia.run.simulate.officer import OFFICER
from vigia.run.simulate.oracle import arrival
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.events import Input
    from vigia.run.simulate.world import Walker, World

REPORTS_P = 0.3  # whoever is attacked holds the button
MISTAKEN_P = 0.05  # an attack that is none, taken back
CLEAR_ID = "c1"
_DESK = "dw"


def acts(world: World) -> list[Emission]:
    """As they arrive, not in order."""
    rng = Random(f"{world.seed}/acts")
    return [*_attacks(world, rng), *_mistakes(world, rng), *_officer(world, rng)]


def second_word(asked: AllClear, still: tuple[str, ...]) -> AllClear:
    """The officer looks at what is open and gives it all the same."""
    return replace(asked, accepts=still)


def _attacks(world: World, rng: Random) -> Iterator[Emission]:
    by_id = {p.person_id: p for p in world.people}
    for flyer in world.flyers:
        person = by_id.get(flyer.target or "")
        t = None if person is None else arrival(world, flyer, person)
        if person is None or t is None or person.device_id is None or rng.random() > REPORTS_P:
            continue
        t += rng.uniform(0.3, 2.0)
        body = _report(world, person, f"x.{flyer.flyer_id}", t)
        if rng.random() < 0.2:
            body = replace(body, via=Via.TEXT)
            word = ReportConfirmed(
                report_id=body.report_id, by_person_id=OFFICER, reason="called back"
            )
            yield _by_officer(t + rng.uniform(3.0, 8.0), word)
        yield from _send(person, body, t, rng)


def _mistakes(world: World, rng: Random) -> Iterator[Emission]:
    for person in world.people:
        if person.device_id is None or person.person_id == OFFICER or rng.random() > MISTAKEN_P:
            continue
        t = rng.uniform(5.0, world.duration_s)
        body = _report(world, person, f"x.{person.person_id}", t)
        yield from _send(person, body, t, rng)
        t += rng.uniform(2.0, 10.0)
        yield from _send(person, replace(body, withdrawn=True, t_obs_ns=world.ns(t)), t, rng)


def _officer(world: World, rng: Random) -> Iterator[Emission]:
    if rng.random() < 0.1:
        t = rng.uniform(5.0, world.duration_s)
        tier = rng.choice((Tier.WARNING, Tier.DANGER))
        word = AlertRaised(raise_id="h1", by_person_id=OFFICER, reason="tower saw it", tier=tier)
        yield _by_officer(t, word)
        if rng.random() < 0.5:
            undone = Undone(order_id="h1", by_person_id=OFFICER, reason="wrong post")
            yield _by_officer(t + rng.uniform(3.0, 15.0), undone)
    if world.all_clear_s is not None and rng.random() < 0.3:
        back = AllClearReversed(by_person_id=OFFICER, reason="seen again", clear_id=CLEAR_ID)
        yield _by_officer(world.all_clear_s + rng.uniform(4.0, 8.0), back)


def _report(world: World, person: Walker, report_id: str, t_s: float) -> AttackReported:
    at = person.path.at(t_s)
    return AttackReported(
        report_id=report_id,
        t_obs_ns=world.ns(t_s + person.clock_skew_s),
        person_id=person.person_id,
        device_id=person.device_id,
        position=world.position(at, 10.0),
    )


def _send(person: Walker, body: Input, t_s: float, rng: Random) -> Iterator[Emission]:
    assert person.device_id is not None
    for _ in range(2 if rng.random() < 0.15 else 1):
        t_s += rng.uniform(0.2, 1.5)
        yield Emission(t_s, person.device_id, body, retried=True)


def _by_officer(t_s: float, body: Input) -> Emission:
    return Emission(t_s, _DESK, body, retried=True)
