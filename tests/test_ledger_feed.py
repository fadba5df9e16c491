"""The ledger on a real journal: followed live, compared, after forgetting and after damage."""

from __future__ import annotations

import io
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from ledger_world import LAT_DEG, T_NS, answer, night, smallest_bodies, write_feed
from vigia.events import Event, PersonMoved, Tick
from vigia.ledger.entry import decode_fields, decode_head
from vigia.ledger.remember import Missing, Unread, entries
from vigia.run.backup import backup
from vigia.run.journal import Journal
from vigia.run.journal_tables import DATABASE
from vigia.run.keys import ShiftKeys, shift_of
from vigia.run.ledger_feed import (
    DECISIONS,
    INPUTS,
    JournalFeed,
    follow_journal,
    journal_feed,
    read_alert_times,
)
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_store import LedgerReader
from vigia.run.ledger_verify import verify
from vigia.terms import AckKind, Mark, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import ledger_world


class Recorder:
    """A journal being written, and where it lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = ShiftKeys.open(folder / "keys")
        self._done = threading.Event()
        self._want = 0
        self.journal = Journal.open(
            folder,
            mode=Mark.ACTUAL,
            keys=self.keys,
            on_committed=self._committed,
            on_trouble=lambda _: None,
        )

    def _committed(self, seq: int) -> None:
        if seq >= self._want:
            self._done.set()

    def record(self, source: ledger_world.Journal, first: int = 1) -> None:
        """Everything from turn `first` on; returns when it is on disk."""
        turns = [t for t in source.held if t.seq >= first]
        self._done.clear()
        self._want = turns[-1].seq
        for turn in turns:
            told = [e for e in turn.events if isinstance(e, Event)]
            self.journal.append(told[0], told[1:])
        assert self._done.wait(10.0)

    def close(self) -> None:
        self.journal.close(5.0)
        self.keys.close()


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    found = Recorder(tmp_path)
    yield found
    found.close()


def read_ledger(folder: Path) -> list[bytes]:
    reader = LedgerReader(folder)
    try:
        return [row.entry for row in reader.rows()]
    finally:
        reader.close()


def bring_up_to_date(folder: Path) -> int:
    feed = JournalFeed(folder)
    try:
        return write_feed(folder, feed)
    finally:
        feed.close()


def check(folder: Path) -> tuple[int, str]:
    out = io.StringIO()
    code = verify(folder, key=None, witness=[], against_journal=True, out=out)
    return code, out.getvalue()


def edit(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    with db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_the_feed_gives_back_what_the_core_said_and_nothing_else(recorder: Recorder) -> None:
    source = night()
    recorder.record(source)
    feed = JournalFeed(recorder.folder)
    got = [e for turn in feed.turns(1) for e in turn.events]
    assert got == [e for e in source.events() if entries(e)]
    assert [t.seq for t in feed.turns(7)][:2] == [7, 8]
    assert list(feed.turns(len(source.held) + 1)) == []
    feed.close()


def test_every_body_the_ledger_remembers_is_asked_of_the_journal() -> None:
    remembered = {
        type(b).__name__ for b in smallest_bodies() if entries(Event(1, 1, "", Mark.ACTUAL, b))
    }
    assert remembered <= {*INPUTS, *DECISIONS}


def test_the_ledger_of_a_journal_verifies_against_it(recorder: Recorder) -> None:
    recorder.record(night())
    assert bring_up_to_date(recorder.folder) == 26
    code, said = check(recorder.folder)
    assert code == 0, said
    assert "OK: 26 entries are what the journal gives, from input 1" in said
    assert bring_up_to_date(recorder.folder) == 26  # nothing twice


def test_inputs_of_no_use_move_the_cursor_on(recorder: Recorder) -> None:
    source = night()
    recorder.record(source)
    for _ in range(30):
        source.add(Tick())
    recorder.record(source, first=len(source.held) - 29)
    feed = JournalFeed(recorder.folder)
    last = list(feed.turns(1))[-1]
    assert (last.seq, last.events) == (len(source.held), ())
    feed.close()


def test_the_follower_of_a_live_journal_keeps_up(recorder: Recorder) -> None:
    source = night()
    recorder.record(source)
    follower = follow_journal(recorder.folder)
    follower.start()
    try:
        source.add(answer("alba", AckKind.SEEN, T_NS))
        recorder.record(source, first=len(source.held))
        follower.wake()
    finally:
        follower.stop()
    assert follower.state.status == "stopped"
    assert len(read_ledger(recorder.folder)) == 27
    assert check(recorder.folder)[0] == 0


def test_a_follower_waits_for_a_journal_that_is_not_there_yet(tmp_path: Path) -> None:
    assert journal_feed(tmp_path) is None
    assert read_alert_times(tmp_path, since_ns=0) == []
    follower = follow_journal(tmp_path)
    follower.start()
    waited = threading.Event()
    for _ in range(500):
        if follower.state.status == "retrying":
            break
        waited.wait(0.01)
    assert "is not there yet" in follower.state.why
    follower.stop()


def test_forgetting_in_the_journal_leaves_the_ledger_whole_and_verifiable(
    recorder: Recorder,
) -> None:
    recorder.record(night())
    bring_up_to_date(recorder.folder)
    before = read_ledger(recorder.folder)
    assert recorder.keys.destroy("alba", shift_of(T_NS + 10**9)) == 1
    code, said = check(recorder.folder)
    assert code == 0, said
    assert "3 whole entries could not be compared" in said  # a report, an alert and its cancel
    assert read_ledger(recorder.folder) == before


def test_an_alert_erased_before_the_ledger_read_it_leaves_a_mark(recorder: Recorder) -> None:
    recorder.record(night())
    recorder.keys.destroy("alba", shift_of(T_NS + 10**9))
    assert bring_up_to_date(recorder.folder) == 26
    kinds = [decode_head(e).kind for e in read_ledger(recorder.folder)]
    assert kinds.count("lost") == 3
    assert check(recorder.folder)[0] == 0


def test_a_ledger_rewritten_from_another_story_is_caught_by_the_journal(
    recorder: Recorder,
) -> None:
    recorder.record(night())
    bring_up_to_date(recorder.folder)
    edit(
        recorder.folder / DATABASE,
        "UPDATE inputs SET t_recv_ns = t_recv_ns + 1 WHERE kind = 'HandedOver'",
    )
    code, said = check(recorder.folder)
    assert code == 1
    assert "t_ns: the journal says" in said


def test_a_damaged_row_of_the_journal_is_said_and_does_not_end_the_ledger(
    recorder: Recorder,
) -> None:
    source = night()
    recorder.record(source)
    recorder.close()
    edit(
        recorder.folder / DATABASE,
        "UPDATE decisions SET body = zeroblob(20) WHERE kind = 'Alert' AND idx = 1",
    )
    assert bring_up_to_date(recorder.folder) == 26
    code, said = check(recorder.folder)
    assert code == 1
    assert "2 of its rows are not what was written" in said


def test_a_row_of_the_journal_that_was_altered_with_sense_is_not_believed(
    recorder: Recorder,
) -> None:
    recorder.record(night())
    bring_up_to_date(recorder.folder)
    edit(
        recorder.folder / DATABASE,
        "UPDATE inputs SET body = CAST(replace(body, '\"seen\"', '\"safe\"') AS BLOB)"
        " WHERE kind = 'Acknowledged'",
    )
    feed = JournalFeed(recorder.folder)
    unread = [e for t in feed.turns(1) for e in t.events if isinstance(e, Unread)]
    feed.close()
    assert [(e.was, e.damaged) for e in unread] == [("Acknowledged", True)] * 2
    code, said = check(recorder.folder)
    assert code == 1
    assert "2 of its rows are not what was written" in said


def test_lost_inputs_are_an_entry(recorder: Recorder) -> None:
    source = night()
    recorder.record(source)
    edit(
        recorder.folder / DATABASE,
        "INSERT INTO gaps VALUES(100, 119, 12, 3456, 8, 'overload')",
    )
    feed = JournalFeed(recorder.folder)
    assert not [e for t in feed.turns(1) for e in t.events if isinstance(e, Missing)]
    feed.close()  # it is told once there is a later input, whose time it takes
    turn = source.add(answer("alba", AckKind.SAFE, T_NS))
    late = [msg for msg in turn.events if isinstance(msg, Event)]
    recorder.journal.append(Event(120, T_NS + 99 * 10**9, "test", Mark.ACTUAL, late[0].body), [])
    recorder.close()
    bring_up_to_date(recorder.folder)
    (gap,) = [
        decode_fields(e) for e in read_ledger(recorder.folder) if decode_head(e).kind == "gap"
    ]
    assert (gap["first_seq"], gap["last_seq"], gap["people"]) == (100, 119, 8)
    assert gap["t_ns"] == T_NS + 99 * 10**9
    assert check(recorder.folder)[0] == 0


def test_a_backup_without_keys_verifies_with_the_key_somebody_was_told(
    recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    recorder.record(night())
    bring_up_to_date(recorder.folder)
    copy = tmp_path_factory.mktemp("elsewhere") / "copy"
    backup(recorder.folder, copy)
    assert not (copy / "keys").exists()
    out = io.StringIO()
    assert verify(copy, key=None, witness=[], against_journal=True, out=out) == 2
    told = log_signer(recorder.folder / "keys").verifier.text()
    out = io.StringIO()
    code = verify(copy, key=told, witness=[], against_journal=True, out=out)
    assert code == 0, out.getvalue()
    assert "could not be compared" in out.getvalue()
    assert not (copy / "keys").exists()  # checking makes no keys


def test_positions_in_the_journal_never_reach_the_feed(recorder: Recorder) -> None:
    source = night()
    source.add(PersonMoved(person_id="alba", t_obs_ns=T_NS, position=Position(LAT_DEG + 0.5, 1.0)))
    recorder.record(source)
    feed = JournalFeed(recorder.folder)
    bodies = [e.body for t in feed.turns(1) for e in t.events if isinstance(e, Event)]
    assert not [b for b in bodies if isinstance(b, PersonMoved)]
    feed.close()


def test_alert_times_come_from_the_journal_of_the_last_hours(recorder: Recorder) -> None:
    recorder.record(night())
    found = read_alert_times(recorder.folder, since_ns=T_NS)
    assert [(t.person, t.t2_ns is not None) for t in found] == [("alba", True), ("bruno", True)]
    assert read_alert_times(recorder.folder, since_ns=T_NS + 10**12) == []


@pytest.mark.parametrize("t_s", [-5, 0, 1, 2, 7, 19, 20, 21, 1000])
def test_the_first_input_since_a_moment_is_found(recorder: Recorder, t_s: int) -> None:
    source = night()
    recorder.record(source)
    feed = JournalFeed(recorder.folder)
    t_ns = T_NS + t_s * 10**9
    want = next((t.seq for t in source.held if t.events[0].t_recv_ns >= t_ns), None)
    assert feed.first_seq_since(t_ns) == want
    feed.close()


def test_unread_events_name_what_they_were(recorder: Recorder) -> None:
    recorder.record(night())
    recorder.keys.destroy("bruno", shift_of(T_NS + 10**9))
    feed = JournalFeed(recorder.folder)
    gone = [e for t in feed.turns(1) for e in t.events if isinstance(e, Unread)]
    assert [(e.was, e.damaged) for e in gone] == [("Alert", False), ("Alert", False)]
    feed.close()
