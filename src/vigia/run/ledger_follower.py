"""The journal, as it grows -> entries, leaves and signed checkpoints, on a thread of its own.

A second consumer of the journal: it reads what is committed, decides nothing, and whatever fails
here is tried again and shown in `state`; the watch does not know that it exists.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec

from vigia.ledger.checkpoint import open_checkpoint, sign_checkpoint
from vigia.ledger.entry import encode_entry
from vigia.ledger.note import NoteError, render
from vigia.ledger.remember import entries
from vigia.ledger.tree import Frontier, leaf_hash
from vigia.run.ledger_keys import Salts, log_signer
from vigia.run.ledger_store import Leaf, LedgerError, LedgerStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from vigia.ledger.entry import Salt
    from vigia.ledger.note import Signer
    from vigia.ledger.remember import Source

LEAVES_MAX = 20_000  # committed together at most, when catching up
READ_MAX = 50_000  # inputs read in one step; most leave nothing
COMMIT_S = 1.0  # at most one commit, which is one checkpoint, in this time
CURSOR_MAX = 10_000  # inputs that leave nothing are read again after a crash, up to this many
RETRY_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # waits after failures in a row; the last repeats


class Turn(NamedTuple):
    """A committed input and what was decided on it, in order: the input first.

    events may be empty: nothing up to seq is of use here.
    """

    seq: int
    events: Sequence[Source]


class Feed(Protocol):
    """The journal as the ledger needs it."""

    def turns(self, from_seq: int) -> Iterable[Turn]:
        """Every committed turn with seq >= from_seq; may leave out those of no use here."""
        ...

    def close(self) -> None: ...


class LedgerState(msgspec.Struct, frozen=True):
    """status: starting, following, retrying, refused (the file contradicts itself), stopped."""

    status: str = "starting"
    why: str = ""
    size: int = 0
    next_seq: int = 1
    failures: int = 0


class LedgerFollower:
    """start(), then read `state`; stop() ends it within a moment."""

    def __init__(self, open_feed: Callable[[], Feed], *, ledger: Path, keys: Path) -> None:
        self._open_feed = open_feed
        self._ledger = ledger
        self._keys = keys
        self._state = LedgerState()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="ledger", daemon=True)

    @property
    def state(self) -> LedgerState:
        return self._state

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Something was committed: look now. From any thread."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _supervise(self) -> None:
        while True:
            try:
                self._follow()
                break
            except LedgerError as e:
                status, why = "refused", str(e)
            except Exception as e:  # noqa: BLE001 - supervisor: the gateway must outlive its ledger
                status, why = "retrying", f"{type(e).__name__}: {e}"
            failures = self._state.failures + 1  # 0 again after a step that went well
            self._set(status=status, why=why, failures=failures)
            if self._stop.wait(RETRY_S[min(failures, len(RETRY_S)) - 1]):
                break
        self._set(status="stopped")

    def _follow(self) -> None:
        """Until stopped. Opens everything anew, so that a retry starts from what is on disk."""
        signer = log_signer(self._keys)
        store, salts = LedgerStore(self._ledger), Salts(self._keys)
        feed = self._open_feed()
        try:
            writer = LedgerWriter(store, salts, signer)
            while True:
                last = self._stop.is_set()
                self._wake.clear()
                begun_s = time.monotonic()
                more = writer.step(feed, t_ns=time.time_ns())
                self._set(
                    status="following",
                    why="",
                    size=writer.size,
                    next_seq=writer.next_seq,
                    failures=0,
                )
                if last:
                    return
                if not more:
                    self._wake.wait(COMMIT_S)
                    self._stop.wait(max(0.0, begun_s + COMMIT_S - time.monotonic()))
        finally:
            feed.close()
            salts.close()
            store.close()

    def _set(self, **changes: str | int) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)


class LedgerWriter:
    """Turns of the journal -> leaves and the checkpoint that signs them, one transaction a step.

    So every leaf in the file is signed, and one that is not was put there by somebody else.
    Raises LedgerError when the file contradicts its last checkpoint: a log must never sign two
    trees of which neither begins the other.
    """

    def __init__(self, store: LedgerStore, salts: Salts, signer: Signer) -> None:
        self._store, self._salts, self._signer = store, salts, signer
        self._frontier = _recover(store, signer)
        self.next_seq = self._stored_seq = store.next_seq()

    @property
    def size(self) -> int:
        return self._frontier.size

    def step(self, feed: Feed, *, t_ns: int) -> bool:
        """Read what the journal has, up to the limits. True: there may be more.

        t_ns: now, kept beside the checkpoint. A step that raised needs a new writer.
        """
        leaves: list[Leaf] = []
        read, next_seq = 0, self.next_seq
        for turn in feed.turns(self.next_seq):
            leaves.extend(turn_leaves(turn, self._salts.get))
            next_seq = turn.seq + 1
            read += 1
            if read >= READ_MAX or len(leaves) >= LEAVES_MAX:
                break
        if leaves or next_seq - self._stored_seq >= CURSOR_MAX:
            self._commit(leaves, next_seq, t_ns)
        self.next_seq = next_seq
        return read >= READ_MAX or len(leaves) >= LEAVES_MAX

    def _commit(self, leaves: list[Leaf], next_seq: int, t_ns: int) -> None:
        self._salts.flush()  # first: a commitment whose salt is lost could never be opened
        size = self.size
        for leaf in leaves:
            self._frontier.append(leaf_hash(leaf.entry))
        note = sign_checkpoint(size=self.size, root=self._frontier.root(), signer=self._signer)
        self._store.append(
            leaves, size=size, next_seq=next_seq, note=render(note).encode(), t_ns=t_ns
        )
        self._stored_seq = next_seq


def turn_leaves(turn: Turn, salt: Salt) -> list[Leaf]:
    """The leaves of one input and its decisions, numbered."""
    told = [entry for event in turn.events for entry in entries(event)]
    return [Leaf(turn.seq, n, encode_entry(entry, n=n, salt=salt)) for n, entry in enumerate(told)]


def _recover(store: LedgerStore, signer: Signer) -> Frontier:
    """The tree of all leaves, after a check that it is the last signed one."""
    frontier = Frontier(store.leaf_hashes())
    note = store.last_checkpoint()
    fix = "run `vigia ledger verify`; to go on, move ledger.sqlite away and a new one begins"
    if note is None:
        if frontier.size:
            raise LedgerError(f"ledger: {frontier.size} entries and no checkpoint; {fix}")
        return frontier
    try:
        signed, _ = open_checkpoint(note, signer.verifier)
    except NoteError as e:
        raise LedgerError(
            f"ledger: its last checkpoint is not by this key ({e}); restore keys/ledger.key, "
            f"or {fix}"
        ) from e
    if (signed.size, signed.root) != (frontier.size, frontier.root()):
        raise LedgerError(
            f"ledger: its {frontier.size} entries are not the {signed.size} that were signed; "
            f"somebody changed it; {fix}"
        )
    return frontier
