"""What people's pages said: the shape that every policy's output is turned into to be measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vigia.terms import Tier


class Word(NamedTuple):
    """One revision as a person's page showed it. ended: the page takes it away."""

    t_s: float
    person_id: str
    alert_id: str
    incident_id: str
    tier: Tier
    ended: bool
    by_officer: bool
    rings: bool


class Words(NamedTuple):
    """In order of time. duplicates: shown or ordered twice. endless: never ended."""

    said: tuple[Word, ...]
    duplicates: int
    endless: int
    t_end_s: float
