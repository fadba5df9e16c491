"""A casualty report -> MIST, the nine lines and a few words for the radio, in one language.

Lines that nobody has said are left open ("?"), never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from vigia.geo import compass_point
from vigia.records.casualty import Casualty, Urgency

Words = Mapping[str, str]
OPEN = "?"


def radio(c: Casualty, words: Words, *, name: str) -> str:
    """To be read out: who, where, what, how many, how urgent. name: the reporter's."""
    parts = [
        words["aid.radio.casualty"].format(name=name or OPEN),
        place(c),
        words["aid.radio.patients"].format(n=c.patients or OPEN),
        words[f"aid.urgency.{c.urgency.value}"] if c.urgency else "",
        words["aid.second_drone"] if c.second_drone else "",
        words["aid.radio.since"].format(at=clock(c.t_hit_ms)),
    ]
    return ". ".join(p for p in parts if p) + "."


def mist(c: Casualty, words: Words) -> list[tuple[str, str]]:
    """(letter, text): mechanism, injuries, signs, treatment."""
    at = clock(c.t_injury_ms or c.t_hit_ms)
    what = OPEN if c.mechanism is None else words[f"aid.mechanism.{c.mechanism.value}"]
    injuries = ", ".join(
        f"{words[f'aid.wound.{i.wound.value}']} {words[f'aid.body.{i.body.value}']}"
        for i in c.injuries
    )
    return [
        ("M", f"{what}, {at}"),
        ("I", injuries or OPEN),
        ("S", _signs(c, words)),
        ("T", _treatment(c, words)),
    ]


def nine_line(c: Casualty, words: Words, *, callsign: str) -> list[tuple[str, str]]:
    """(number, text) as ATP 4-02.2 has them."""
    p = c.pickup
    n, litter = c.patients, c.litter
    precedence = OPEN
    if c.urgency is not None:
        letter = {Urgency.URGENT: "A", Urgency.PRIORITY: "C", Urgency.ROUTINE: "D"}[c.urgency]
        precedence = f"{n or OPEN}{letter} {words[f'aid.urgency.{c.urgency.value}']}"
    carried = OPEN
    if n is not None and litter is not None:
        carried = f"{litter}L {n - litter}A" if litter <= n else OPEN
    return [
        ("1", p.grid or place(c)),
        ("2", " ".join(x for x in (p.radio or OPEN, callsign) if x)),
        ("3", precedence),
        ("4", p.equipment or OPEN),
        ("5", carried),
        ("6", p.security or (words["aid.second_drone"] if c.second_drone else OPEN)),
        ("7", p.marking or OPEN),
        ("8", p.nationality or OPEN),
        ("9", p.terrain or OPEN),
    ]


def report(c: Casualty, words: Words, *, name: str) -> str:
    """All of it, as text to send or to read over the radio."""
    lines = [radio(c, words, name=name), "", "MIST"]
    lines += [f"{k}: {v}" for k, v in mist(c, words)]
    lines += ["", words["aid.nine_line"]]
    lines += [f"{k}: {v}" for k, v in nine_line(c, words, callsign=name)]
    return "\n".join(lines) + "\n"


def place(c: Casualty) -> str:
    if c.position is None:
        return c.unit or OPEN
    told = f"{c.position.lat_deg:.5f} {c.position.lon_deg:.5f}"
    return f"{c.unit} {told}".strip()


def towards(bearing_deg: float, range_m: float, words: Words) -> str:
    """ "300 m north-east", for the way to a kit or medic."""
    point = words[f"alert.point.{compass_point(bearing_deg)}"]
    return f"{round(range_m / 10) * 10} m {point}"


def clock(t_ms: int) -> str:
    """HH:MMZ."""
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%H:%MZ")


def _signs(c: Casualty, words: Words) -> str:
    if not c.signs:
        return OPEN
    s = max(c.signs, key=lambda s: s.t_ms)
    parts = [
        "" if s.awake is None else words["aid.awake" if s.awake else "aid.not_awake"],
        "" if s.breathes is None else words["aid.breathes" if s.breathes else "aid.not_breathing"],
        "" if s.pulse_bpm is None else words["aid.pulse"].format(n=s.pulse_bpm),
        "" if s.breaths_per_min is None else words["aid.breaths"].format(n=s.breaths_per_min),
    ]
    return ", ".join(p for p in parts if p) + f" ({clock(s.t_ms)})"


def _treatment(c: Casualty, words: Words) -> str:
    parts = [
        words["aid.tourniquet_on"].format(
            limb=words[f"aid.body.{t.limb.value}"], at=clock(t.t_on_ms)
        )
        + ("" if t.t_off_ms is None else f" – {clock(t.t_off_ms)}")
        for t in c.tourniquets
    ]
    parts += [f"{d.what or words[f'aid.march.{d.step.value}']} {clock(d.t_ms)}" for d in c.done]
    parts += list(c.given)
    return ", ".join(parts) or OPEN
