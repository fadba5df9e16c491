"""Rows -> the table, for a terminal and as Markdown, and the lines below it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vigia.run.score.measure import POSSIBLE_S
from vigia.terms import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vigia.run.score.days import DaysRow
    from vigia.run.score.play import Result
    from vigia.run.score.sums import Goal, Row

SEEDS_SHOWN_MAX = 8
HEAD = (
    "scene", "who", "endangered", "warnable", "lead p10/p50 s", "oracle p10/p50 s",
    "in time (30 s, all)", "missed top (all)", "false top (n)", "told truly", "alerts/p·h",
    "flaps/p·h", "first s", "stale s",
)  # fmt: skip


def cells(row: Row) -> tuple[str, ...]:
    return (
        row.scene,
        row.who,
        str(row.endangered),
        str(row.possible),
        f"{_s(row.lead_p10_s)} / {_s(row.lead_p50_s)}",
        f"{_s(row.oracle_p10_s)} / {_s(row.oracle_p50_s)}",
        f"{_pct(row.in_time)} ({_pct(row.in_time_all)})",
        f"{_pct(row.missed_top)} ({_pct(row.missed_top_all)})",
        f"{_pct(row.false_top)} ({row.top_alarms})",
        _pct(row.told_truly),
        _n(row.alerts_per_hour),
        _n(row.flaps_per_hour),
        _s(row.first_alert_p50_s),
        _s(row.stale_p50_s),
    )


def terminal(rows: Sequence[Row]) -> str:
    lines = [HEAD, *(cells(r) for r in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join(_line(line, widths) for line in lines)


def markdown(rows: Sequence[Row]) -> str:
    """For documents: one line a scene, the peer's numbers in brackets. rows: ours and the peer's
    in turn."""
    head = (
        "scene", "endangered, warnable", "lead p10 / p50 s", "oracle p10 / p50 s", "in time",
        "missed top", "false top", "told truly", "alerts a person-hour", "stale p50 s",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for ours, peer in zip(rows[::2], rows[1::2], strict=True):
        both = (
            (f"{_s(r.lead_p10_s)} / {_s(r.lead_p50_s)}" for r in (ours, peer)),
            (_pct(r.in_time) for r in (ours, peer)),
            (_pct(r.missed_top) for r in (ours, peer)),
            (_pct(r.false_top) for r in (ours, peer)),
            (_pct(r.told_truly) for r in (ours, peer)),
            (_n(r.alerts_per_hour) for r in (ours, peer)),
            (_s(r.stale_p50_s) for r in (ours, peer)),
        )
        lead, *rest = ("{} ({})".format(*pair) for pair in both)
        oracle = f"{_s(ours.oracle_p10_s)} / {_s(ours.oracle_p50_s)}"
        line = (ours.scene, f"{ours.endangered}, {ours.possible}", lead, oracle, *rest)
        lines.append("| " + " | ".join(line) + " |")
    return "\n".join(lines)


def goal_lines(goals: Sequence[Goal]) -> list[str]:
    return [f"  {'met   ' if g.met else 'MISSED'} {g.says}; got {g.got}" for g in goals]


def false_lines(rows: Sequence[Row]) -> list[str]:
    """What the false DANGERs were: near misses, and drones that flew straight at somebody."""
    return [
        f"  {r.scene}: {round(r.false_top * r.top_alarms)} false, {_pct(r.false_near)} of them a "
        f"near miss (150 m), {_pct(r.false_aimed)} of a drone flying straight at the person"
        for r in rows
        if r.top_alarms and r.false_top > 0.0
    ]


def physics_lines(rows: Sequence[Row], forbids: Mapping[str, str]) -> list[str]:
    """What nobody could do with these sensors. forbids: by the title of the scene."""
    return [
        f"  {r.scene}: {r.endangered - r.possible} of {r.endangered} endangered could not be warned"
        f" at all, {r.endangered - r.danger_possible} not with DANGER"
        + (f"; {forbids[r.scene]}" if forbids.get(r.scene) else "")
        for r in rows
        if r.who == "vigia" and (r.endangered > r.danger_possible or forbids.get(r.scene))
    ]


def days_lines(days: DaysRow) -> list[str]:
    return [
        f"{days.days} harmless days: {days.flights} flights, {days.people} people, "
        f"{days.person_hours:.0f} person-hours ({days.played_hours:.0f} h played, the rest idle "
        f"time scaled from {days.idle_hours:.1f} h)",
        f"  DANGER: {days.top} = {days.top_per_person:.2f} a person; WARNING or more: "
        f"{days.acting} = {days.acting / max(1, days.people):.2f} a person",
        f"  alerts {days.alerts / days.person_hours:.2f}, rings "
        f"{days.rings / days.person_hours:.2f} a person-hour; flights that led to a DANGER: "
        f"{days.flights_with_top} of {days.flights}",
        f"  peer {days.peer_m:.0f} m: {days.peer_top} = {days.peer_top / max(1, days.people):.2f} "
        "a person",
        "  by what was nearest: "
        + ", ".join(f"{name} {n}" for name, n in sorted(days.about.items(), key=lambda i: -i[1])),
    ]


def failure_lines(results: Sequence[Result]) -> list[str]:
    """The seeds of what went wrong, scene by scene, and how to see one again."""
    found: dict[tuple[str, str], list[int]] = {}
    for r in results:
        for what in failures(r):
            found.setdefault((r.scene, what), []).append(r.seed)
    lines = [
        f"  {scene}: {what}: seeds {', '.join(map(str, seeds[:SEEDS_SHOWN_MAX]))}"
        + (f" and {len(seeds) - SEEDS_SHOWN_MAX} more" if len(seeds) > SEEDS_SHOWN_MAX else "")
        for (scene, what), seeds in found.items()
    ]
    return [*lines, "  again with: vigia score --scene SCENE --seed SEED"] if lines else []


def failures(r: Result) -> list[str]:
    """What went wrong in one run, in words; empty when nothing did."""
    s = r.vigia
    checks = (
        ("missed top tier", any(o.danger_possible and o.tier < Tier.DANGER for o in s.outcomes)),
        ("warned too late", any(o.possible and not o.in_time for o in s.outcomes)),
        ("false top tier", any(a.tier is Tier.DANGER and not a.true for a in s.alarms)),
        ("released within reach", s.released > 0),
        ("duplicates", s.duplicates > 0),
        ("alert without end", s.endless > 0),
    )
    return [what for what, wrong in checks if wrong]


def story_lines(r: Result) -> list[str]:
    """One run in words."""
    lines = [f"scene {r.scene} seed {r.seed}: {r.events} events, {r.cpu_s:.2f} s CPU"]
    lines += [
        f"  {o.person_id}: {o.behaviour} arrived at {o.t_s:.1f} s; page said {o.tier.name}; lead "
        f"{o.lead_s:.0f} s (DANGER {o.danger_lead_s:.0f} s); possible {_s(o.bound_s)} s (DANGER "
        f"{_s(o.danger_bound_s)} s), in view {_s(o.cover_s)} s"
        + ("" if (o.bound_s or 0.0) >= POSSIBLE_S else "; nobody could know")
        for o in r.vigia.outcomes
    ]
    lines += [
        f"  {a.person_id}: {a.tier.name} at {a.t_s:.1f} s, {'true' if a.true else 'FALSE'}; "
        f"nearest attacker {_s(a.nearest_m)} m; nearest then: {a.about}"
        + (", flying straight at him" if a.aimed else "")
        for a in r.vigia.alarms
    ]
    return [*lines, *(f"  FAILED: {what}" for what in failures(r))]


def _line(line: tuple[str, ...], widths: Sequence[int]) -> str:
    left = 2
    return "  ".join(
        text.ljust(w) if i < left else text.rjust(w)
        for i, (text, w) in enumerate(zip(line, widths, strict=True))
    )


def _s(v: float | None) -> str:
    return "-" if v is None or math.isnan(v) else f"{v:.0f}" if abs(v) >= 10 else f"{v:.1f}"


def _n(v: float) -> str:
    return "-" if math.isnan(v) else f"{v:.1f}"


def _pct(v: float) -> str:
    return "-" if math.isnan(v) else f"{100 * v:.0f} %"
