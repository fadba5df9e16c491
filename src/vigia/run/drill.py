"""`vigia drill`: warn people as a drill, or look silently who would be reached, and say who was.

It asks in the data folder; the gateway that runs there does it (reach_timetable.py).
"""

from __future__ import annotations

import secrets
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from vigia.run.plan import PLAN_NAME
from vigia.run.progress import Progress
from vigia.run.reach_tests import DRILL, SILENT, Ask, Kept, PersonResult, ReachTests, Result
from vigia.run.settings import SettingsError
from vigia.run.settings_reach import MINUTES_MAX

BEGIN_S = 20.0  # a gateway that runs has begun by then
MORE_S = 60.0  # and is over so long after its minutes
LOOK_S = 0.5
TENTHS = 10
SILENT_WORDS = {
    "proved": "would be reached",
    "unproved": "cannot be proved",
    "none": "NOT reached",
}


def drill(
    folder: Path,
    *,
    silent: bool,
    by: str,
    reason: str,
    minutes: float,
    tier: int,
    target_ids: tuple[str, ...],
) -> int:
    """Exit code: 0 everybody was reached; 1 somebody was not, or a channel does not work.
    Raises SettingsError."""
    if not silent and not by:
        raise SettingsError("drill: --by: need the person_id of a watch officer: who orders it?")
    if not 0.0 < minutes <= MINUTES_MAX:
        raise SettingsError(
            f"drill: --minutes: got {minutes:g}; need more than 0, {MINUTES_MAX:g} at most"
        )
    if not 1 <= tier <= 3:
        raise SettingsError(f"drill: --tier: got {tier}; need 1, 2 or 3")
    if not (folder / PLAN_NAME).is_file():
        raise SettingsError(f"drill: no vigia was started on {folder}; name its folder with --data")
    now_s = int(time.time())
    ask = Ask(
        test_id=f"{SILENT if silent else DRILL}-c{secrets.token_hex(5)}",
        kind=SILENT if silent else DRILL,
        t_asked_s=now_s,
        by=by,
        reason=reason,
        tier=tier,
        minutes=0.0 if silent else minutes,
        target_ids=target_ids,
    )
    try:
        tests = ReachTests(folder)
        tests.put(ask)
        result = _wait(tests, ask)
    except (sqlite3.Error, OSError) as e:
        raise SettingsError(f"drill: {folder} cannot be used: {e}") from e
    if result.refused:
        raise SettingsError(f"drill: refused: {result.refused}")
    return _show(ask.kind, result)


def _wait(tests: ReachTests, ask: Ask) -> Result:
    begun_s, end_s = None, time.monotonic() + BEGIN_S
    bar = Progress(int(ask.minutes * 60 * TENTHS), short_max=0)
    try:
        while time.monotonic() < end_s:
            kept = tests.find(ask.test_id)
            if kept is not None and kept.result is not None:
                return kept.result
            if kept is not None and kept.t_start_s is not None:
                if begun_s is None:
                    begun_s = time.monotonic()
                    end_s = begun_s + ask.minutes * 60 + MORE_S
                bar.show(int((time.monotonic() - begun_s) * TENTHS))
            time.sleep(LOOK_S)
    finally:
        bar.close()
    result = Result(t_ms=int(time.time() * 1000), refused="no vigia took it up")
    tests.end(ask.test_id, result)
    if begun_s is None:
        raise SettingsError("drill: no vigia runs on this data folder; start it, or name --data")
    raise SettingsError("drill: the watch does not answer; look at vigia doctor")


def _show(kind: str, result: Result) -> int:
    missing = {p.person_id for p in result.missing(kind)}
    at = datetime.fromtimestamp(result.t_ms / 1000, UTC)
    print(f"{kind} test of reach, {at:%Y-%m-%d %H:%M:%S} Z: {len(result.people)} people")
    for person in sorted(result.people, key=lambda p: (p.person_id not in missing, p.name)):
        print(f"  {_line(kind, person, lost=person.person_id in missing)}")
    bad = [(name, why) for name, why in result.channels if why]
    for name, why in bad:
        print(f"  channel {name} does not work: {why}")
    print(f"{len(missing)} not reached" if missing else "everybody was reached")
    return 1 if missing or bad else 0


def _line(kind: str, person: PersonResult, *, lost: bool) -> str:
    head = f"{person.name:<28} "
    if kind == SILENT:
        words = {
            "proved": "would be reached",
            "unproved": "cannot be proved",
            "none": "NOT reached",
        }
        return head + words[person.reach]
    if lost:
        handed = "" if person.handed_s is None else f", handed over after {person.handed_s:.1f} s"
        return f"{head}NOT REACHED{handed}"
    times = [("shown", person.shown_s), ("answered", person.answered_s)]
    return head + ", ".join(f"{w} after {s:.1f} s" for w, s in times if s is not None)


def kept_tests(folder: Path, count: int) -> int:
    """`vigia drill --list`: what earlier tests found."""
    try:
        found: list[Kept] = ReachTests(folder).latest(count)
    except (sqlite3.Error, OSError) as e:
        raise SettingsError(f"drill: {folder} cannot be used: {e}") from e
    for kept in found:
        at = datetime.fromtimestamp(kept.ask.t_asked_s, UTC)
        print(f"{at:%Y-%m-%d %H:%M} Z  {kept.ask.kind:<6} {_summary(kept)}", file=sys.stdout)
    return 0


def _summary(kept: Kept) -> str:
    if kept.result is None:
        return "under way" if kept.t_start_s is not None else "waiting"
    if kept.result.refused:
        return f"refused: {kept.result.refused}"
    missing = kept.result.missing(kept.ask.kind)
    names = ", ".join(p.name for p in missing[:10])
    bad = ", ".join(name for name, why in kept.result.channels if why)
    said = f"{len(kept.result.people)} people, {len(missing)} not reached"
    return said + (f": {names}" if names else "") + (f"; channels down: {bad}" if bad else "")
