"""Trials: whatever is done to the file, verify says so, and says what it cannot see."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from ledger_world import T_NS, Journal, night, write
from vigia.ledger.audit import Stored, audit
from vigia.ledger.checkpoint import Checkpoint, cosign_checkpoint, open_checkpoint, sign_checkpoint
from vigia.ledger.note import Signer, SigType, Verifier, parse_note, render
from vigia.ledger.tree import Frontier, leaf_hash
from vigia.run.ledger_keys import log_signer
from vigia.run.ledger_show import show
from vigia.run.ledger_store import FILE, LedgerError, LedgerReader
from vigia.run.ledger_verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRIALS = int(os.environ.get("VIGIA_TAMPER_TRIALS", "1000"))  # 10,000 are in docs/ledger.md
BYTE_TRIALS = 200
WITNESS = Signer("neighbour.example/w", bytes(32), SigType.COSIGNATURE)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("written")
    write(made, night(("alba", "bruno", "carla")), step=3)
    return made


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def check(
    folder: Path,
    *,
    witness: tuple[Path, ...] = (),
    witness_keys: tuple[str, ...] = (),
    journal: Journal | None = None,
    key: str | None = None,
) -> tuple[int, str]:
    out = io.StringIO()
    code = verify(
        folder,
        key=key,
        witness=witness,
        against_journal=journal is not None,
        out=out,
        witness_keys=witness_keys,
        open_feed=lambda _: journal,
    )
    return code, out.getvalue()


def edit(folder: Path, *statements: str) -> None:
    db = sqlite3.connect(folder / FILE)
    with db:
        for statement in statements:
            db.execute(statement)
    db.close()


def read(folder: Path) -> tuple[list[Stored], list[bytes]]:
    reader = LedgerReader(folder)
    try:
        return list(reader.rows()), list(reader.checkpoints())
    finally:
        reader.close()


def replace(folder: Path, rows: list[Stored], notes: list[tuple[int, bytes]]) -> None:
    """What somebody with write access to the file can do."""
    db = sqlite3.connect(folder / FILE)
    with db:
        db.execute("DELETE FROM leaves")
        db.execute("DELETE FROM checkpoints")
        db.executemany("INSERT INTO leaves VALUES(?, ?, ?, ?, ?)", rows)
        db.executemany("INSERT INTO checkpoints VALUES(?, 0, ?)", notes)
    db.close()


def keep(folder: Path, name: str = "kept.note", *, cosign: bool = False) -> Path:
    """A witness stores the present checkpoint."""
    note = parse_note(read(folder)[1][-1])
    if cosign:
        note = cosign_checkpoint(note, WITNESS, t_s=T_NS // 10**9)
    path = folder / name
    path.write_text(render(note))
    return path


def sign_again(folder: Path, rows: list[Stored], signer: Signer) -> None:
    """Rewrite everything: own hashes, own tree, checkpoints at the same sizes."""
    sizes = [size for size, _ in sized(folder) if size <= len(rows)]
    if not sizes or sizes[-1] != len(rows):
        sizes.append(len(rows))
    rows = [r._replace(hash=leaf_hash(r.entry)) for r in rows]
    notes = [
        (
            size,
            render(
                sign_checkpoint(
                    size=size, root=Frontier(r.hash for r in rows[:size]).root(), signer=signer
                )
            ).encode(),
        )
        for size in sizes
    ]
    replace(folder, rows, notes)


def sized(folder: Path) -> list[tuple[int, bytes]]:
    return [(int(note.split(b"\n")[1]), note) for note in read(folder)[1]]


def softened(rows: list[Stored], at: int) -> list[Stored]:
    """The lie somebody would want: the alert said less than it did."""
    entry = rows[at].entry.replace(b'"tier":3', b'"tier":1')
    assert entry != rows[at].entry
    return [*rows[:at], rows[at]._replace(entry=entry), *rows[at + 1 :]]


def alert_at(rows: list[Stored]) -> int:
    return next(r.idx for r in rows if b'"kind":"alert"' in r.entry)


def test_an_untouched_ledger_verifies_and_says_what_that_does_not_prove(folder: Path) -> None:
    code, said = check(folder)
    assert code == 0
    assert "OK: every entry" in said
    assert "No witness" in said
    assert "public key was read from this machine" in said
    assert "Nothing was compared with the journal" in said


def test_with_key_witness_and_journal_only_the_last_limits_are_left(folder: Path) -> None:
    kept = keep(folder, cosign=True)
    code, said = check(
        folder,
        key=log_signer(folder / "keys").verifier.text(),
        witness=(kept,),
        witness_keys=(WITNESS.verifier.text(),),
        journal=night(("alba", "bruno", "carla")),
    )
    assert code == 0, said
    assert "No witness" not in said
    assert "read from this machine" not in said
    assert "vouched for by neighbour.example/w" in said
    assert "are what the journal gives, from input 1" in said
    assert "rest on the log's key alone" in said


def test_a_flipped_bit_names_the_entry_and_its_input(folder: Path) -> None:
    rows, _ = read(folder)
    at = alert_at(rows)
    edit(
        folder,
        f"UPDATE leaves SET entry = replace(entry, '\"tier\":3', '\"tier\":2') WHERE idx = {at}",
    )
    code, said = check(folder)
    assert code == 1
    assert f"CHANGED: entry {at} (journal input {rows[at].seq})" in said
    assert "hash" in said


def test_a_deleted_entry_is_named(folder: Path) -> None:
    edit(folder, "DELETE FROM leaves WHERE idx = 7")
    code, said = check(folder)
    assert code == 1
    assert "CHANGED: entry 7: it is missing" in said


def test_a_deleted_entry_with_the_rest_moved_up_is_named(folder: Path) -> None:
    rows, _ = read(folder)
    at = next(i for i, r in enumerate(rows) if r.n == 1)
    left = [r._replace(idx=i) for i, r in enumerate([*rows[:at], *rows[at + 1 :]])]
    replace(folder, left, sized(folder))
    code, said = check(folder)
    assert code == 1
    assert f"to {at} (journal input {rows[at].seq})" in said
    assert "cut out" in said


def test_two_entries_in_each_others_place_are_named(folder: Path) -> None:
    rows, _ = read(folder)
    rows[4], rows[9] = rows[9]._replace(idx=4), rows[4]._replace(idx=9)
    replace(folder, rows, sized(folder))
    code, said = check(folder)
    assert code == 1
    assert "moved" in said
    found = audit(*read(folder), log_signer(folder / "keys").verifier).finding
    assert found is not None
    assert (found.first, found.last) == (3, 4)  # 3 is the first that no checkpoint proves


def test_a_cut_off_end_is_named(folder: Path) -> None:
    rows, _ = read(folder)
    edit(folder, f"DELETE FROM leaves WHERE idx >= {len(rows) - 2}")
    code, said = check(folder)
    assert code == 1
    assert f"of {len(rows) - 2} to {len(rows) - 1}" in said
    assert "cut off" in said


def test_an_older_state_is_seen_only_with_a_witness_or_the_journal(folder: Path) -> None:
    kept = keep(folder)
    whole = len(read(folder)[0])
    older = sized(folder)[-3][0]
    next_seq = read(folder)[0][older].seq
    edit(
        folder,
        f"DELETE FROM leaves WHERE idx >= {older}",
        f"DELETE FROM checkpoints WHERE size > {older}",
        f"UPDATE meta SET value = '{next_seq}' WHERE key = 'next_seq'",
    )
    code, said = check(folder)
    assert code == 0  # nothing inside the file contradicts it, and the report says so
    assert "go back to an older state, and this check cannot tell" in said
    code, said = check(folder, witness=(kept,))
    assert code == 1
    assert f"the ledger had {whole} entries, now it has {older}" in said
    later = night(("alba", "bruno", "carla"))
    later.add(later.held[-1].events[0].body, t_ns=T_NS + 3600 * 10**9)
    code, said = check(folder, journal=later)
    assert code == 3
    assert "MISSING: the journal holds" in said


def test_an_older_checkpoint_in_place_of_the_newest_leaves_unsigned_entries(folder: Path) -> None:
    last, before = sized(folder)[-1][0], sized(folder)[-2][0]
    edit(folder, f"DELETE FROM checkpoints WHERE size = {last}")
    code, said = check(folder)
    assert code == 1
    assert f"of {before} to {last - 1}" in said or f"entry {before} " in said
    assert "no checkpoint covers it" in said


def test_without_any_checkpoint_nothing_is_proved(folder: Path) -> None:
    edit(folder, "DELETE FROM checkpoints")
    code, said = check(folder)
    assert code == 1
    assert "no checkpoint covers it" in said


def test_recomputed_hashes_without_the_key_are_caught_within_one_checkpoint(folder: Path) -> None:
    rows, _ = read(folder)
    at = alert_at(rows)
    lied = [r._replace(hash=leaf_hash(r.entry)) for r in softened(rows, at)]
    replace(folder, lied, sized(folder))
    code, said = check(folder)
    assert code == 1
    sizes = [0, *[size for size, _ in sized(folder)]]
    first = max(s for s in sizes if s <= at)
    last = min(s for s in sizes if s > at) - 1
    assert f"one of {first} to {last}" in said
    code, said = check(folder, journal=night(("alba", "bruno", "carla")))
    assert code == 1
    assert f"entry {at} (journal input {rows[at].seq})" in said  # the journal names it exactly
    assert "tier: the journal says 3, the ledger 1" in said


def test_recomputed_hashes_and_checkpoints_of_another_key_are_caught(folder: Path) -> None:
    rows, _ = read(folder)
    name = log_signer(folder / "keys").verifier.name
    sign_again(folder, softened(rows, alert_at(rows)), Signer(name, b"\x07" * 32))
    code, said = check(folder)
    assert code == 1
    assert "no trusted key signed it" in said


def test_signing_again_with_our_own_key_is_caught_by_a_witness_and_only_by_one(
    folder: Path,
) -> None:
    kept = keep(folder, cosign=True)
    rows, _ = read(folder)
    sign_again(folder, softened(rows, alert_at(rows)), log_signer(folder / "keys"))
    code, said = check(folder)
    assert code == 0  # it cannot know, and must say so
    assert "can rewrite the whole ledger and sign it again" in said
    assert "--witness FILE" in said
    for keys in ((), (WITNESS.verifier.text(),)):
        code, said = check(folder, witness=(kept,), witness_keys=keys)
        assert code == 1
        assert "signed again with the log's own key" in said


def test_signing_again_with_our_own_key_is_also_caught_by_the_journal_while_it_is_there(
    folder: Path,
) -> None:
    rows, _ = read(folder)
    at = alert_at(rows)
    sign_again(folder, softened(rows, at), log_signer(folder / "keys"))
    code, said = check(folder, journal=night(("alba", "bruno", "carla")))
    assert code == 1
    assert f"entry {at} (journal input {rows[at].seq})" in said


def test_leaving_out_an_entry_and_signing_again_is_caught_by_the_journal(folder: Path) -> None:
    rows, _ = read(folder)
    last = rows[-1]
    sign_again(folder, [r for r in rows if r.idx != last.idx], log_signer(folder / "keys"))
    code, said = check(folder, journal=night(("alba", "bruno", "carla")))
    assert code == 1
    assert f"input {last.seq}: the journal's input gives 1 entries, the ledger holds 0" in said


def test_inventing_an_entry_and_signing_again_is_caught_by_the_journal(folder: Path) -> None:
    rows, _ = read(folder)
    last = rows[-1]
    entry = last.entry.replace(f'"seq":{last.seq}'.encode(), f'"seq":{last.seq + 5}'.encode())
    more = Stored(len(rows), last.seq + 5, 0, entry, b"")
    sign_again(folder, [*rows, more], log_signer(folder / "keys"))
    code, said = check(folder, journal=night(("alba", "bruno", "carla")))
    assert code == 1
    assert f"entry {len(rows)} (journal input {last.seq + 5})" in said


def test_an_entry_of_an_input_that_the_journal_does_not_have_is_named(folder: Path) -> None:
    rows, _ = read(folder)
    journal = night(("alba", "bruno", "carla"))
    gone = next(r for r in rows if b'"kind":"handed"' in r.entry)
    journal.held = [t for t in journal.held if t.seq != gone.seq]
    code, said = check(folder, journal=journal)
    assert code == 1
    assert f"entry {gone.idx} (journal input {gone.seq}): the journal has no input" in said


def test_a_replaced_key_is_caught_by_whoever_was_told_the_true_one(folder: Path) -> None:
    kept = keep(folder)
    told = log_signer(folder / "keys").verifier.text()
    rows, _ = read(folder)
    (folder / "keys" / "ledger.key").unlink()
    other = log_signer(folder / "keys")
    sign_again(folder, softened(rows, alert_at(rows)), other)
    code, said = check(folder)
    assert code == 0
    assert "could have replaced it" in said
    assert check(folder, key=told)[0] == 1
    assert check(folder, witness=(kept,))[0] == 1


def test_a_witness_file_that_the_witness_did_not_sign_is_refused(folder: Path) -> None:
    code, said = check(folder, witness=(keep(folder),), witness_keys=(WITNESS.verifier.text(),))
    assert code == 1
    assert "none of the given witness keys signed it" in said
    (folder / "torn").write_text("vigia")
    assert check(folder, witness=(folder / "torn",))[0] == 1
    assert check(folder, witness=(folder / "absent",))[0] == 1


def test_what_cannot_be_checked_is_not_called_good(tmp_path: Path, folder: Path) -> None:
    code, said = check(tmp_path / "nowhere")
    assert (code, "there is no" in said) == (2, True)
    code, said = check(folder, key="nonsense")
    assert (code, "NAME+HASH+KEY" in said) == (2, True)
    (folder / FILE).write_bytes(b"this is not a database, it is a long text" * 100)
    code, said = check(folder)
    assert code == 2


def test_the_first_of_several_bad_entries_is_the_one_named(folder: Path) -> None:
    rows, _ = read(folder)
    rows[15] = rows[15]._replace(entry=rows[15].entry + b" ")
    early = rows[2]._replace(entry=rows[2].entry.replace(b'"v":1', b'"v":1 '))
    rows[2] = early._replace(hash=leaf_hash(early.entry))  # the cleverer of two changes
    replace(folder, rows, sized(folder))
    code, said = check(folder)
    assert code == 1
    found = audit(*read(folder), log_signer(folder / "keys").verifier).finding
    assert found is not None
    assert found.first is not None
    assert found.last is not None
    assert found.first <= 2 <= found.last < 15, said


def test_a_byte_changed_anywhere_in_the_database_file_is_found_or_changes_nothing(
    folder: Path,
) -> None:
    """Below SQL: pages, headers, free space. No exception, and never a false OK."""
    path = folder / FILE
    good, rows = path.read_bytes(), read(folder)
    verdicts: set[int] = set()
    for seed in range(BYTE_TRIALS):
        rng = random.Random(seed)
        data = bytearray(good)
        for _ in range(rng.choice((1, 1, 3, 30))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(bytes(data))
        code, said = check(folder)
        verdicts.add(code)
        assert code != 0 or read(folder) == rows, f"seed {seed}: {said}"
        with contextlib.suppress(LedgerError):
            show(folder, alert_id="aalba", out=io.StringIO())
    assert verdicts >= {0, 1, 2}  # free space, an entry, a page's structure


# ---- chance ------------------------------------------------------------------------------------


def flip(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(rows))
    data = bytearray(rows[at].entry)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    rows[at] = rows[at]._replace(entry=bytes(data))


def flip_and_hash(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    flip(rows, notes, rng)
    rows[:] = [r._replace(hash=leaf_hash(r.entry)) for r in rows]


def flip_hash(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(rows))
    data = bytearray(rows[at].hash)
    data[rng.randrange(32)] ^= 1 << rng.randrange(8)
    rows[at] = rows[at]._replace(hash=bytes(data))


def flip_note(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(notes))
    data = bytearray(notes[at])
    # The last character of base64 carries two bits that mean nothing; leave it and the newline.
    data[rng.randrange(len(data) - 4)] ^= 1 << rng.randrange(8)
    notes[at] = bytes(data)


def delete(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    del rows[rng.randrange(len(rows))]


def delete_and_renumber(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    delete(rows, notes, rng)
    rows[:] = [r._replace(idx=i) for i, r in enumerate(rows)]


def swap(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    a, b = rng.sample(range(len(rows)), 2)
    rows[a], rows[b] = rows[b]._replace(idx=a), rows[a]._replace(idx=b)


def swap_contents(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    a, b = rng.sample(range(len(rows)), 2)
    one, two = rows[a], rows[b]
    rows[a] = one._replace(entry=two.entry, hash=two.hash)
    rows[b] = two._replace(entry=one.entry, hash=one.hash)


def double(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(rows))
    rows.insert(at, rows[at])
    rows[:] = [r._replace(idx=i) for i, r in enumerate(rows)]


def cut(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    del rows[rng.randrange(len(rows)) :]


def cut_note(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    del notes[rng.randrange(len(notes)) :]


def renumber_seq(rows: list[Stored], notes: list[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(rows))
    rows[at] = rows[at]._replace(seq=rows[at].seq + rng.choice((-1, 1, 7)))


WAYS: list[Callable[[list[Stored], list[bytes], random.Random], None]] = [
    flip,
    flip_and_hash,
    flip_hash,
    flip_note,
    delete,
    delete_and_renumber,
    swap,
    swap_contents,
    double,
    cut,
    cut_note,
    renumber_seq,
]


def _is_older_state(
    changed: list[Stored],
    signed: list[bytes],
    rows: list[Stored],
    notes: list[bytes],
    kept: Checkpoint,
    log: Verifier,
) -> bool:
    """Two cuts at one checkpoint put the ledger back to an older state, which says nothing by
    itself; the witness's checkpoint shows it."""
    older = changed == rows[: len(changed)] and signed == notes[: len(signed)]
    return older and audit(changed, signed, log, sizes=(kept.size,)).size < kept.size


def test_a_thousand_random_changes_leave_none_undetected(folder: Path) -> None:
    rows, notes = read(folder)
    log = log_signer(folder / "keys").verifier
    assert audit(rows, notes, log).finding is None
    kept, _ = open_checkpoint(notes[-1], log)  # as a witness has it
    undetected: list[int] = []
    misplaced: list[int] = []
    for seed in range(TRIALS):
        rng = random.Random(seed)
        changed, signed = list(rows), list(notes)
        WAYS[seed % len(WAYS)](changed, signed, rng)
        if rng.random() < 0.3:  # and a second change of another kind
            later = rng.choice(WAYS)
            if changed and signed and len(changed) > 2:
                later(changed, signed, rng)
        if changed == rows and signed == notes:
            continue
        found = audit(changed, signed, log).finding
        if found is None:
            if not _is_older_state(changed, signed, rows, notes, kept, log):
                undetected.append(seed)
            continue
        first_bad = next(
            (i for i, r in enumerate(rows) if i >= len(changed) or changed[i] != r), None
        )
        if (
            first_bad is not None
            and signed == notes
            and (found.last is None or found.proved > first_bad)
        ):
            misplaced.append(seed)
    assert undetected == []
    assert misplaced == []  # what is named is never behind the first bad entry
