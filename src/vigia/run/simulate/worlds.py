"""Seeds -> WorldResults: the door of `vigia simulate`, of the test suite and of the demo of it."""

from __future__ import annotations

import sys
from collections import Counter
from statistics import quantiles
from typing import TYPE_CHECKING

import msgspec

from vigia.run.simulate.again import again
from vigia.run.simulate.driver import play
from vigia.run.simulate.invariants import Violation, check
from vigia.run.simulate.oracle import nearest_m
from vigia.run.simulate.story import Story, stands, tell
from vigia.run.simulate.world import make_world, ns, seconds
from vigia.terms import MsgType, Role, Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vigia.run.simulate.oracle import Danger

FALSE_M = 150.0  # a DANGER was true when an attacker came this near within FALSE_S
FALSE_S = 60.0
SHOWN_MAX = 10  # violations printed for one world


class WorldResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed led to. leads_s: first WARNING or more, before each arrival that was warned."""

    seed: int
    violations: tuple[Violation, ...]
    events: int
    crashed: bool
    endangered: int = 0  # (person, arrival) pairs
    demanded: int = 0  # of those, where the oracle demands a warning
    danger_demanded: int = 0
    warned: int = 0  # of the endangered, at WARNING or DANGER when the drone came
    leads_s: tuple[float, ...] = ()
    dangers_said: int = 0  # alerts that reached DANGER
    dangers_false: int = 0


def run_world(seed: int) -> WorldResult:
    """One world, played twice: live with its crash, then again from the journal."""
    run = play(make_world(seed))
    story = tell(run)
    violations = [*check(story), *(Violation("again", what) for what in again(run))]
    firsts = [_lead_s(story, danger) for danger in story.dangers]
    said, false = _dangers_said(story)
    return WorldResult(
        seed=seed,
        violations=tuple(violations),
        events=len(run.steps) + len(run.lost),
        crashed=run.t_crash_ns is not None,
        endangered=len(story.dangers),
        demanded=sum(d.demanded is not Tier.NONE for d in story.dangers),
        danger_demanded=sum(d.demanded is Tier.DANGER for d in story.dangers),
        warned=sum(
            stands(story.last_before(d.person_id, ns(d.t_arrive_s))) >= Tier.WARNING
            for d in story.dangers
        ),
        leads_s=tuple(lead for lead in firsts if lead is not None),
        dangers_said=said,
        dangers_false=false,
    )


def main(*, seed: int, count: int = 1, verbose: bool = False) -> int:
    """`vigia simulate`: prints what happened; returns the exit code."""
    results: list[WorldResult] = []
    for one in range(seed, seed + count):
        result = run_world(one)
        results.append(result)
        if verbose and count == 1:
            print_story(one)
        if result.violations:
            print("\n".join(complaint(result)))
        if sys.stderr.isatty() and len(results) % 50 == 0:
            print(f"{len(results)}/{count} worlds", file=sys.stderr)
    print(summary(results))
    return 1 if any(r.violations for r in results) else 0


def complaint(result: WorldResult) -> list[str]:
    """What is wrong with a world, and the command that shows it again."""
    lines = [f"world {result.seed}: {len(result.violations)} violations"]
    lines += [f"  {v.rule}: {v.what}" for v in result.violations[:SHOWN_MAX]]
    return [*lines, f"  again with: vigia simulate --seed {result.seed} --verbose"]


def summary(results: Iterable[WorldResult]) -> str:
    found = list(results)
    n = len(found)
    endangering = sum(r.endangered > 0 for r in found)
    people = sum(r.endangered for r in found)
    leads = sorted(lead for r in found for lead in r.leads_s)
    p10, p50 = _p10_p50(leads)
    said, false = sum(r.dangers_said for r in found), sum(r.dangers_false for r in found)
    failed = [r.seed for r in found if r.violations]
    rules = Counter(v.rule for r in found for v in r.violations)
    return "\n".join(
        (
            f"{n} worlds, {sum(r.events for r in found)} events, "
            f"{sum(r.crashed for r in found)} with a crash",
            f"endangering someone: {endangering} ({100 * endangering / max(1, n):.0f} %)",
            f"people endangered: {people}; a warning was possible for "
            f"{sum(r.demanded for r in found)} (DANGER for "
            f"{sum(r.danger_demanded for r in found)}); at WARNING or DANGER when it came: "
            f"{sum(r.warned for r in found)}",
            f"first WARNING or more before arrival: p10 {p10:.1f} s, p50 {p50:.1f} s",
            f"alerts that reached DANGER: {said}; no attacker within {FALSE_M:.0f} m in "
            f"{FALSE_S:.0f} s: {false} ({100 * false / max(1, said):.0f} %)",
            f"failed: {len(failed)} {failed[:20]} {dict(rules)}",
        )
    )


def print_story(seed: int) -> None:
    """Who flew, who was endangered, what was said, in order of time."""
    world = make_world(seed)
    story = tell(play(world))
    for f in world.flyers:
        print(
            f"flyer {f.flyer_id} {f.behaviour} -> {f.target} {f.path.t_s[0]:.1f} to "
            f"{f.path.t_s[-1]:.1f} s, serial {f.serial}"
        )
    for s in world.sensors:
        print(f"sensor {s}")
    print(f"crash {world.crash}; all clear {world.all_clear_s}; mode {world.settings.mode.value}")
    for d in story.dangers:
        print(
            f"danger {d.person_id} by {d.flyer_id} at {d.t_arrive_s:.1f} s: "
            f"{d.demanded.name}, {d.evidence}"
        )
    for said in story.said:
        a = said.alert
        print(
            f"{seconds(said.t_ns):7.2f} s {a.target_id:9} {a.alert_id[:6]}.{a.revision} "
            f"{a.msg_type.name:6} {a.tier.name:7} {a.action:18} p {a.p_hit} "
            f"range {a.range_m} bearing {a.bearing_deg_true} confirmed {a.confirmed} "
            f"tracks {a.track_numbers} end {a.end_reason}"
        )


def _lead_s(story: Story, danger: Danger) -> float | None:
    """How long before the arrival the alert then in force had first reached WARNING."""
    t_arrive = ns(danger.t_arrive_s)
    last = story.last_before(danger.person_id, t_arrive)
    if stands(last) < Tier.WARNING or last is None:
        return None
    first = next(s for s in story.by_alert[last.alert.alert_id] if s.alert.tier >= Tier.WARNING)
    return (t_arrive - first.t_ns) / 1e9


def _dangers_said(story: Story) -> tuple[int, int]:
    """Alerts of people that reached DANGER, and how many of those with no attacker near."""
    world = story.run.world
    people = {p.person_id: p for p in world.people if p.role is Role.AGENT}
    said = false = 0
    for revisions in story.by_alert.values():
        first = next((s for s in revisions if s.alert.tier is Tier.DANGER), None)
        if first is not None and first.alert.grounds is not None and first.alert.grounds.order_id:
            continue  # a person said so
        person = None if first is None else people.get(first.alert.person_id or "")
        if first is None or person is None or first.alert.msg_type is MsgType.CANCEL:
            continue
        said += 1
        t = seconds(first.t_ns)
        near = (
            nearest_m(f, person, t_from_s=t - 5.0, t_to_s=t + FALSE_S)
            for f in world.flyers
            if f.target is not None
        )
        false += not any(m <= FALSE_M for m in near)
    return said, false


def _p10_p50(values: list[float]) -> tuple[float, float]:
    if len(values) < 2:
        return (float("nan"), float("nan"))
    cuts = quantiles(values, n=10)
    return cuts[0], cuts[4]
