"""Tests of reach that were asked for and what came of them; in gateway.sqlite.

A silent test looks who would be reached now, and nobody hears of it. A drill warns people as a
drill and waits who answers. The timetable asks for them, and so does `vigia drill`; the gateway
does them. Results name people and tell no places; the newest KEPT_MAX are kept.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from vigia.run.gateway_store import opened

KEPT_MAX = 400
SILENT = "silent"
DRILL = "drill"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS reach_tests(
    test_id TEXT PRIMARY KEY, t_asked_s INTEGER NOT NULL, ask BLOB NOT NULL,
    t_start_s INTEGER, result BLOB
) WITHOUT ROWID;
"""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """kind: silent or drill. by: the watch officer in whose name a drill goes out; "" of a silent
    one. target_ids: as DrillOrdered has them."""

    test_id: str
    kind: str
    t_asked_s: int
    by: str = ""
    reason: str = ""
    tier: int = 2
    minutes: float = 5.0
    target_ids: tuple[str, ...] = ()

    @property
    def drill_id(self) -> str:
        return f"{DRILL}-{self.test_id}"


class PersonResult(msgspec.Struct, frozen=True, kw_only=True):
    """One person. reach: proved, unproved, none. Of a drill, in seconds from the decision: handed
    to a channel, shown, answered; None: it did not happen."""

    person_id: str
    name: str
    reach: str
    handed_s: float | None = None
    shown_s: float | None = None
    answered_s: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """channels: name and what is wrong with it, "" when it works or cannot be asked. refused: why
    nothing was tested."""

    t_ms: int
    people: tuple[PersonResult, ...] = ()
    channels: tuple[tuple[str, str], ...] = ()
    refused: str = ""

    def missing(self, kind: str) -> tuple[PersonResult, ...]:
        """Who was not reached: a drill without a sign that he saw it, or nothing that proves it."""
        if kind == DRILL:
            return tuple(p for p in self.people if p.shown_s is None and p.answered_s is None)
        return tuple(p for p in self.people if p.reach == "none")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """t_start_s None: not begun. result None: not over."""

    ask: Ask
    t_start_s: int | None
    result: Result | None


class ReachTests:
    """Every call waits for the disk. Raises OSError or sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, ask: Ask) -> None:
        """One that is known by its test_id stays as it is."""
        with opened(self._folder, _SCHEMA) as db:
            db.execute(
                "INSERT OR IGNORE INTO reach_tests VALUES (?, ?, ?, NULL, NULL)",
                (ask.test_id, ask.t_asked_s, msgspec.json.encode(ask)),
            )
            db.execute(
                "DELETE FROM reach_tests WHERE test_id IN (SELECT test_id FROM reach_tests"
                " ORDER BY t_asked_s DESC LIMIT -1 OFFSET ?)",
                (KEPT_MAX,),
            )

    def begin(self, test_id: str, t_start_s: int) -> None:
        self._set("t_start_s = ?", t_start_s, test_id)

    def end(self, test_id: str, result: Result) -> None:
        self._set("result = ?", msgspec.json.encode(result), test_id)

    def open(self) -> list[Kept]:
        """Not over, the oldest first."""
        return self._read("WHERE result IS NULL ORDER BY t_asked_s")

    def find(self, test_id: str) -> Kept | None:
        return next(iter(self._read("WHERE test_id = ?", test_id)), None)

    def latest(self, count: int) -> list[Kept]:
        return self._read("ORDER BY t_asked_s DESC LIMIT ?", count)

    def _set(self, what: str, value: object, test_id: str) -> None:
        with opened(self._folder, _SCHEMA) as db:
            db.execute(f"UPDATE reach_tests SET {what} WHERE test_id = ?", (value, test_id))

    def _read(self, rest: str, *values: object) -> list[Kept]:
        with opened(self._folder, _SCHEMA) as db:
            rows = db.execute(f"SELECT ask, t_start_s, result FROM reach_tests {rest}", values)
            return [
                Kept(
                    ask=msgspec.json.decode(ask, type=Ask),
                    t_start_s=t_start_s,
                    result=None if result is None else msgspec.json.decode(result, type=Result),
                )
                for ask, t_start_s, result in rows.fetchall()
            ]
