"""A journal -> its decisions computed again from the inputs alone, compared with the recorded ones.

Never sends anything. Same build and processor: the bytes must be identical; otherwise the same
decisions with floats within 1e-6. What cannot be compared is said, never passed over: an erased
position, a scan that retention dropped, a gap. From such a point on the recomputed core may
differ from the one that lived; comparing goes on at the next snapshot that still exists.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TextIO, assert_never

import msgspec

from vigia.events import (
    AnyBody,
    Delivery,
    Event,
    Fault,
    HandedOver,
    OperatorSeen,
    PersonMoved,
    Reached,
    Sighting,
    personal_subject,
)
from vigia.events_reach import NotReached
from vigia.flow import Watch
from vigia.run.build import Build, this_build
from vigia.run.compare import FIELDS_MAX, differences
from vigia.run.guard import GuardedCore
from vigia.run.journal_reader import Damaged, Decided, Dropped, Erased, JournalReader, Recorded, Run
from vigia.run.journal_tables import DATABASE, Gap
from vigia.run.progress import Progress
from vigia.run.rows import Packed, pack

SHOWN_MAX = 50  # differences printed; all are counted
# Erased inputs of these kinds change no decision of today's core (flow.Watch passes them by).
WITHOUT_EFFECT = (OperatorSeen.__name__, Fault.__name__, HandedOver.__name__)


class ReplayResult(msgspec.Struct, kw_only=True):
    """exit_code: 0 no difference, 1 a difference, 2 not readable."""

    exit_code: int = 0
    inputs: int = 0
    decisions: int = 0  # recorded
    compared: int = 0
    erased_inputs: int = 0
    dropped_inputs: int = 0
    set_aside: int = 0  # inputs that broke the live core and that it went on without
    differences: list[str] = msgspec.field(default_factory=lambda: list[str]())
    difference_count: int = 0


def replay(path: Path, watch_factory: Callable[[], Watch], out: TextIO) -> ReplayResult:
    """path: a data folder, or the journal file in it."""
    folder = path.parent if path.name == DATABASE else path
    try:
        reader = JournalReader(folder)
    except (OSError, ValueError, sqlite3.Error) as e:
        print(f"{path}: cannot be read: {e}", file=out)
        return ReplayResult(exit_code=2)
    try:
        return _Replay(reader, watch_factory, out).run()
    except sqlite3.Error as e:
        print(f"{path}: cannot be read to its end: {e}", file=out)
        return ReplayResult(exit_code=2)
    finally:
        reader.close()


class _Replay:
    def __init__(
        self, reader: JournalReader, watch_factory: Callable[[], Watch], out: TextIO
    ) -> None:
        self._reader = reader
        self._out = out
        self._core = GuardedCore(watch_factory())
        self._result = ReplayResult()
        self._runs = reader.runs()
        self._gaps = reader.gaps()
        self._snapshots = {seq: data for seq, _, data in reader.snapshots() if data is not None}
        self._unlike: str | None = None  # why the core may not be as the live one was
        self._unseen: set[str] = set()  # people whose positions this core was not given
        self._erased: Counter[str] = Counter()  # by kind
        self._last_seq = 0

    def run(self) -> ReplayResult:
        self._say_builds()
        progress = Progress(self._reader.count())
        for recorded in self._reader.inputs(proven=True):
            self._note_missing(recorded.seq)
            self._take(recorded)
            self._last_seq = recorded.seq
            self._resume(recorded.seq)
            self._result.inputs += 1
            progress.show(self._result.inputs)
        progress.close()
        self._check_end()
        return self._close()

    # ---- one input -----------------------------------------------------------------------------

    def _take(self, recorded: Recorded) -> None:
        decided = self._reader.decisions(recorded.seq)
        self._result.decisions += len(decided)
        match recorded:
            case Event():
                self._weigh_sighting(recorded)
                out = self._core.receive(recorded)
                if isinstance(out, Fault):
                    self._core = GuardedCore(self._core.watch)
                    self._differ(recorded.seq, f"the core cannot take it: {out.what}")
                    self._lose(recorded.seq, "an input that the core cannot take")
                else:
                    self._compare(recorded, out, decided)
            case Erased():
                self._result.erased_inputs += 1
                self._erased[recorded.kind] += 1
                self._erase(recorded)
            case Dropped():
                self._result.dropped_inputs += 1
                self._lose(recorded.seq, f"a scan that is not kept ({recorded.why})")
            case Damaged():
                text = f"input altered ({recorded.kind}): {recorded.field}: {recorded.why}"
                self._differ(recorded.seq, text)
                self._lose(recorded.seq, "an altered input")
            case _:
                assert_never(recorded)

    def _erase(self, erased: Erased) -> None:
        if erased.kind == PersonMoved.__name__:
            self._unseen.add(erased.subject)
        elif erased.kind not in WITHOUT_EFFECT:
            self._lose(erased.seq, f"an erased {erased.kind}: it may have moved any track")

    def _weigh_sighting(self, event: Event) -> None:
        """A report without a place is put where the core last saw the person."""
        body = event.body
        if isinstance(body, Sighting) and body.position is None and body.person_id in self._unseen:
            self._lose(event.seq, "a report of a person whose position is erased")

    def _compare(self, event: Event, out: list[Event], decided: list[Decided]) -> None:
        if self._unlike is not None:
            return
        here = [(d, _about(d)) for d in decided]
        again = [(e, _person(e.body)) for e in out]
        if self._unseen:
            here = [pair for pair in here if pair[1] not in self._unseen]
            again = [pair for pair in again if pair[1] not in self._unseen]
        exact, rank = self._exact(event.seq), "rank" if self._unseen else ""
        for (old, _), (new, _) in zip(here, again, strict=False):
            if old.packed is not None:
                packed = pack(new.body)
                where = f"decision {old.idx} ({old.packed.kind}{_id(new.body)})"
                self._result.compared += 1
                self._compare_one(event.seq, where, old, packed, new, exact=exact, ignore=rank)
            elif isinstance(old.recorded, Damaged):
                r = old.recorded
                self._differ(event.seq, f"decision {old.idx} ({r.kind}): {r.field}: {r.why}")
        for old, _ in here[len(again) :]:
            self._differ(
                event.seq, f"decision {old.idx}: recorded {_kind(old)}, not made this time"
            )
        for new, _ in again[len(here) :]:
            name = type(new.body).__name__
            self._differ(event.seq, f"{name}{_id(new.body)}: made this time, not recorded")

    def _compare_one(
        self,
        seq: int,
        where: str,
        old: Decided,
        packed: Packed,
        new: Event,
        *,
        exact: bool,
        ignore: str,
    ) -> None:
        assert old.packed is not None
        found = differences(old.packed, packed, exact=exact, ignore=ignore)
        was = old.recorded
        for name in ("t_recv_ns", "source", "mark"):
            if getattr(was, name) != getattr(new, name):
                found.append(f"{name}: recorded {getattr(was, name)}, got {getattr(new, name)}")
        if found:
            more = (
                "" if len(found) <= FIELDS_MAX else f"; and {len(found) - FIELDS_MAX} more fields"
            )
            self._differ(seq, f"{where}: {'; '.join(found[:FIELDS_MAX])}{more}")

    # ---- what cannot be compared ---------------------------------------------------------------

    def _note_missing(self, seq: int) -> None:
        """Between the last input and this one: gaps the journal names, inputs set aside."""
        missing = seq - self._last_seq - 1 if self._last_seq else 0
        while self._gaps and self._gaps[0].first_seq < seq:
            gap = self._gaps.pop(0)
            missing -= gap.scans + gap.people
            self._lose(gap.first_seq, _gap_text(gap))
        if missing > 0:
            self._result.set_aside += missing

    def _lose(self, seq: int, why: str) -> None:
        if self._unlike is None:
            self._unlike = why
            print(f"from seq {seq} on not compared: {why}", file=self._out)

    def _resume(self, seq: int) -> None:
        data = self._snapshots.get(seq)
        if data is None or (self._unlike is None and not self._unseen):
            return
        try:
            self._core = GuardedCore(self._core.watch.restore(data))
        except (ValueError, TypeError, LookupError, AssertionError) as e:
            print(f"snapshot {seq} does not fit this version: {e}", file=self._out)
            return
        print(
            f"compared again from seq {seq + 1} on: the state is that of a snapshot", file=self._out
        )
        self._unlike = None
        self._unseen.clear()

    def _check_end(self) -> None:
        for seq in self._snapshots:
            if seq > self._last_seq:
                self._differ(seq, f"a snapshot is later than the last input ({self._last_seq})")
        orphans = self._reader.decisions_without_input()
        if orphans:
            self._differ(orphans[0], f"{len(orphans)} inputs are gone, their decisions are here")

    # ---- saying --------------------------------------------------------------------------------

    def _exact(self, seq: int) -> bool:
        build = _build_at(self._runs, seq)
        return build is not None and not build.differs_from(this_build())

    def _differ(self, seq: int, what: str) -> None:
        self._result.difference_count += 1
        self._result.exit_code = 1
        if self._result.difference_count <= SHOWN_MAX:
            text = f"seq {seq}: {what}"
            self._result.differences.append(text)
            print(text, file=self._out)

    def _say_builds(self) -> None:
        header, now = self._reader.header, this_build()
        print(
            f"journal of mode {header.mode.value}, format {header.format}, "
            f"begun by {header.writer}",
            file=self._out,
        )
        for seq, build in self._runs:
            changed = build.differs_from(now)
            what = "same build and processor: bytes must be identical"
            if "core" in changed or "vigia" in changed:
                what = f"another core version ({build.vigia} {build.core}): a diff is printed"
            elif changed:
                what = f"another {', '.join(changed)}: floats may differ by 1e-6"
            print(f"from seq {seq}: {what}", file=self._out)

    def _close(self) -> ReplayResult:
        r = self._result
        if r.erased_inputs:
            kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(self._erased.items()))
            print(
                f"position erased: {r.erased_inputs} inputs ({kinds}); "
                "decisions about those people are not compared",
                file=self._out,
            )
        if r.dropped_inputs:
            print(f"scans not kept: {r.dropped_inputs} inputs", file=self._out)
        if r.set_aside:
            print(f"set aside by the live watch: {r.set_aside} inputs", file=self._out)
        if r.difference_count > SHOWN_MAX:
            print(f"and {r.difference_count - SHOWN_MAX} more differences", file=self._out)
        verdict = f"{r.difference_count} DIFFERENCES" if r.difference_count else "no difference"
        print(
            f"{verdict}: {r.inputs} inputs, {r.decisions} decisions recorded, "
            f"{r.compared} of them compared",
            file=self._out,
        )
        return r


def _build_at(runs: list[Run], seq: int) -> Build | None:
    found: Build | None = None
    for first_seq, build in runs:
        if first_seq <= seq:
            found = build
    return found


def _person(body: AnyBody) -> str | None:
    """Whom a decision is about."""
    if isinstance(body, Delivery | Reached | NotReached):
        return body.person_id
    return personal_subject(body)


def _about(decided: Decided) -> str | None:
    r = decided.recorded
    match r:
        case Event():
            return _person(r.body)
        case Erased():
            return r.subject
        case Dropped() | Damaged():
            return None
        case _:
            assert_never(r)


def _kind(decided: Decided) -> str:
    r = decided.recorded
    return f"{type(r.body).__name__}{_id(r.body)}" if isinstance(r, Event) else r.kind


def _id(body: AnyBody) -> str:
    """The identifier that tells one decision from the next, where there is one."""
    for name in ("delivery_id", "alert_id", "report_id", "track_id"):
        value = getattr(body, name, None)
        if value is not None:
            return f" {value}"
    return ""


def _gap_text(gap: Gap) -> str:
    return (
        f"{gap.scans} scans ({gap.detections} detections) and {gap.people} other inputs "
        f"were not recorded ({gap.why})"
    )
