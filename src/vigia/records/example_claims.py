"""The sentence "260 attacks, 42 injured, no deaths in 2023", and the sources that contradict it.

Loaded by the demo as records of its own mark. Read 2026; grades are ours, for the example.
"""

from __future__ import annotations

from typing import TypedDict

from vigia.records.claim import Claim, Figure
from vigia.records.common import SourceRef, Span, exactly
from vigia.records.incident import Cause, Unit, Victims
from vigia.terms import Grade

ABOUT = "drone attacks in Mexico"
_SECURITY = (Victims.AGENT, Victims.SOLDIER, Victims.POLICE)


def example_claims() -> dict[str, Claim]:
    """By record id."""
    return {
        "claim-260-42-0": _the_sentence(),
        "claim-army-aug-2023": _army_2023(),
        "claim-army-aug-2024": _army_2024(),
        "claim-ncite-2021-2025": _ncite(),
        "claim-army-2025": _army_2025(),
    }


class _Scope(TypedDict):
    since: str
    until: str
    country: str


def _period(since: str, until: str) -> _Scope:
    return {"since": since, "until": until, "country": "MX"}


def _the_sentence() -> Claim:
    year = _period("2023-01-01", "2023-12-31")
    return Claim(
        sentence="In 2023 there were 260 drone attacks; 42 agents were injured, none was killed.",
        about=ABOUT,
        sources=(
            SourceRef(
                title="press articles on the officer safety alert of 1 February 2025",
                published="2025-02-01",
                grade=Grade("D", 5),
            ),
        ),
        figures=(
            Figure(
                what="incidents", unit=Unit.ATTACK, cause=Cause.DRONE, value=exactly(260), **year
            ),
            Figure(what="injured", victims=_SECURITY, cause=Cause.DRONE, value=exactly(42), **year),
            Figure(what="killed", victims=_SECURITY, cause=Cause.DRONE, value=exactly(0), **year),
        ),
        note="The only source for the numbers is the army's statement of 22 August 2023.",
    )


def _army_2023() -> Claim:
    part = _period("2023-01-01", "2023-08-22")
    everybody = (Victims.SOLDIER, Victims.POLICE, Victims.SUSPECT)
    return Claim(
        sentence="So far this year: 260 bombs carried by drones, of 556 explosive devices found; "
        "42 soldiers, police and suspects wounded by explosives. At least five officers were "
        "killed in two of the attacks.",
        about=ABOUT,
        sources=(
            SourceRef(
                title="Mexico's army, told by AP (krdo.com and others)",
                published="2023-08-22",
                grade=Grade("B", 2),
            ),
        ),
        figures=(
            Figure(
                what="incidents",
                unit=Unit.DEVICE_FOUND,
                cause=Cause.DRONE,
                value=exactly(260),
                **part,
                note="bombs carried by drones, of 556 devices of all kinds",
            ),
            Figure(
                what="injured",
                victims=everybody,
                cause=Cause.EXPLOSIVE,
                value=exactly(42),
                **part,
                note="suspects are counted with soldiers and police",
            ),
            Figure(
                what="killed",
                victims=(Victims.POLICE,),
                cause=Cause.EXPLOSIVE,
                value=Span(5),
                **part,
                note="in two explosive attacks; added by AP",
            ),
        ),
    )


def _army_2024() -> Claim:
    return Claim(
        sentence="The army says for the first time that soldiers were killed by bombs from drones.",
        about=ABOUT,
        sources=(
            SourceRef(
                title="Mexico's army, told by alertajrz.com",
                published="2024-08-02",
                grade=Grade("B", 2),
            ),
        ),
        figures=(
            Figure(
                what="killed",
                victims=(Victims.SOLDIER,),
                cause=Cause.DRONE,
                value=Span(1),
                since="2018-01-01",
                until="2024-08-02",
                country="MX",
                note="how many, when and where was not told",
            ),
        ),
    )


def _ncite() -> Claim:
    years = _period("2021-01-01", "2025-12-31")
    return Claim(
        sentence="221 incidents with armed drones from 2021 to 2025, 27 of them deadly, 77 killed.",
        about=ABOUT,
        sources=(
            SourceRef(
                title="NCITE on ACLED's data, told by dronexl.co",
                published="2026-02-19",
                grade=Grade("B", 2),
            ),
        ),
        figures=(
            Figure(
                what="incidents", unit=Unit.ATTACK, cause=Cause.DRONE, value=exactly(221), **years
            ),
            Figure(what="killed", cause=Cause.DRONE, value=exactly(77), **years),
        ),
    )


def _army_2025() -> Claim:
    year = _period("2025-01-01", "2025-12-31")
    return Claim(
        sentence="In 2025 the army was attacked 16 times with drones or explosives, 7 times in "
        "Michoacán.",
        about=ABOUT,
        sources=(SourceRef(title="noventagrados.com.mx", grade=Grade("C", 3)),),
        figures=(
            Figure(
                what="incidents",
                unit=Unit.ATTACK,
                cause=Cause.EXPLOSIVE,
                value=exactly(16),
                **year,
                note="on the army only",
            ),
            Figure(
                what="incidents",
                unit=Unit.ATTACK,
                cause=Cause.EXPLOSIVE,
                value=exactly(7),
                region="Michoacán",
                **year,
                note="on the army only",
            ),
        ),
    )
