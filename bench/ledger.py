"""How fast the ledger is verified and written, and its ratio to bare SHA-256 of the same bytes.

python bench/ledger.py [--entries 100000]
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from vigia.events import Acknowledged, Event
from vigia.ledger.audit import audit
from vigia.run.ledger_follower import LEAVES_MAX, LedgerWriter, Turn
from vigia.run.ledger_keys import Salts, log_signer
from vigia.run.ledger_store import LedgerReader, LedgerStore
from vigia.run.ledger_verify import verify
from vigia.terms import AckKind, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEOPLE = 1_000
T_NS = 1_790_000_000_000_000_000
RUNS = 3


class Answers:
    """A journal of acknowledgements: one entry a turn, a thousand people."""

    def __init__(self, count: int) -> None:
        self.count = count

    def turns(self, from_seq: int) -> Iterator[Turn]:
        for seq in range(from_seq, self.count + 1):
            person = f"p{seq % PEOPLE}"
            body = Acknowledged(
                alert_id=f"{seq:016x}",
                revision=1,
                person_id=person,
                device_id=f"d{person}",
                kind=AckKind.SEEN,
                t_obs_ns=T_NS + seq,
            )
            yield Turn(seq, (Event(seq, T_NS + seq, "bench", Mark.ACTUAL, body),))

    def close(self) -> None:
        pass


def main(count: int = 100_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_s = _write(folder, count)
        one_s = _write_singly(folder / "single", 500)
        _report(folder, count, write_s, one_s)


def _write(folder: Path, count: int) -> float:
    store, salts = LedgerStore(folder), Salts(folder / "keys")
    writer = LedgerWriter(store, salts, log_signer(folder / "keys"))
    begun = time.perf_counter()
    while writer.step(Answers(count), t_ns=T_NS):
        pass
    took = time.perf_counter() - begun
    assert writer.size == count
    salts.close()
    store.close()
    return took


def _write_singly(folder: Path, count: int) -> float:
    """Each entry committed, signed and synced by itself, as in a quiet night."""
    store, salts = LedgerStore(folder), Salts(folder / "keys")
    writer = LedgerWriter(store, salts, log_signer(folder / "keys"))
    begun = time.perf_counter()
    for upto in range(1, count + 1):
        writer.step(Answers(upto), t_ns=T_NS)
    took = time.perf_counter() - begun
    salts.close()
    store.close()
    return took / count


def _best(call: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times)


def _report(folder: Path, count: int, write_s: float, one_s: float) -> None:
    reader = LedgerReader(folder)
    rows, notes = list(reader.rows()), list(reader.checkpoints())
    reader.close()
    log = log_signer(folder / "keys").verifier

    def whole() -> None:
        code = verify(folder, key=log.text(), witness=[], against_journal=False, out=io.StringIO())
        assert code == 0

    def bare() -> None:
        for row in rows:
            sha256(row.entry).digest()

    def recompute() -> None:
        assert audit(rows, notes, log).finding is None

    verify_s, audit_s = _best(whole), _best(recompute)
    bare_s = _best(bare)
    size = sum(len(row.entry) for row in rows)
    print(f"entries                  {count:>12,}   {size / count:.0f} bytes each")
    print(f"write, batches of {LEAVES_MAX:,}  {count / write_s:>12,.0f} entries/s")
    print(f"write, one by one        {one_s * 1e3:>12.2f} ms an entry, signed and synced")
    print(f"verify, file to verdict  {count / verify_s:>12,.0f} entries/s   {verify_s:.2f} s")
    print(f"verify, recompute only   {count / audit_s:>12,.0f} entries/s   {audit_s:.2f} s")
    print(f"bare hashlib SHA-256     {count / bare_s:>12,.0f} entries/s   {bare_s:.2f} s")
    print(f"ratio verify / bare      {verify_s / bare_s:>12.1f}")
    print(f"ratio recompute / bare   {audit_s / bare_s:>12.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    main(parser.parse_args().entries)
