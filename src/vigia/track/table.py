"""All tracks: states in columns (27 x n), what else is known of each in one record -> snapshot.

The columns are what predictions and gates run over; a record is touched only when its track is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from vigia.terms import EndReason
from vigia.track.kalman import SIZE, Packed
from vigia.tracktable import STATE_DTYPE, Fix

if TYPE_CHECKING:
    from numpy.typing import NDArray

TENTATIVE = 0  # below terms.TrackStatus.POSSIBLE: a track nobody sees yet
GROW = 64


class Record(msgspec.Struct, kw_only=True):
    """What is known of one track besides its state."""

    track_id: str
    mark: int
    t_first_ns: int
    t_last_ns: int
    t_cause_ns: int
    t_ranged_ns: int = 0  # t_obs of the last range or stated place
    life_ns: int  # t_obs clock: the track ends without support by then
    number: int = 0  # given when first shown
    status: int = TENTATIVE
    fix: int = int(Fix.SECTOR)
    flags: int = 0  # of machines
    said: int = 0  # LOAD and CLOSING as long as a person's report that stands says so
    llr: float = 0.0  # log odds that it exists, at t_last_ns
    hits: int = 0
    drone_lo: float = 0.0  # log odds that it is a drone
    azimuth_deg: float = float("nan")
    azimuth_sigma_deg: float = 180.0
    serial: bytes = b""
    names: dict[str, str] = {}  # space of names (a kind, or one sensor's) -> name in it
    stated: tuple[float, float] | None = None  # last stated place: a repeat adds nothing
    conflicts: int = 0
    seen_by: dict[str, int] = {}  # sensor whose misses count -> t_obs of its last hit
    witnesses: dict[str, int] = {}  # link -> t_obs of its last support
    credit: dict[str, float] = {}  # "person", "sensor/<kind>" -> nats it gave
    ranged: bool = False  # a range, a stated place or a crossing from elsewhere
    solid: bool = False  # a range or a stated place: it needs no bearing to exist
    stands: list[tuple[float, float, str]] = []  # where bearings came from; "" or a person
    parts: list[Packed] = []  # a sector: one state per plausible range
    weights: list[float] = []
    reports: list[str] = []
    ended: EndReason | None = None  # hidden from now on, reported by the next advance


class Table:
    """Slots 0..n-1 are live tracks. x: (27, cap), t_ns: (cap,), and columns for the gates."""

    def __init__(self) -> None:
        self.n = 0
        self.records: list[Record] = []
        self.slot_of: dict[str, int] = {}
        self.stale: dict[int, None] = {}  # slots whose head is not up to date
        self._room(GROW)

    def _room(self, cap: int) -> None:
        old = self.n
        x, t, mark = np.zeros((SIZE, cap)), np.zeros(cap, np.int64), np.zeros(cap, np.int64)
        status = np.zeros(cap, np.int64)
        solid, gate = np.zeros(cap, np.bool_), np.zeros((8, cap))
        sector = np.zeros(cap, np.bool_)
        head = np.zeros(cap, STATE_DTYPE)
        if old:
            x[:, :old], t[:old], mark[:old] = self.x[:, :old], self.t_ns[:old], self.mark[:old]
            status[:old] = self.status[:old]
            solid[:old], gate[:, :old] = self.solid[:old], self.gate[:, :old]
            sector[:old] = self.sector[:old]
            head[:old] = self.head[:old]
        self.x: NDArray[np.float64] = x
        self.t_ns: NDArray[np.int64] = t
        self.mark: NDArray[np.int64] = mark
        self.status: NDArray[np.int64] = status  # -1: ended, waits for advance
        self.solid: NDArray[np.bool_] = solid
        self.sector: NDArray[np.bool_] = sector  # without a stated identity
        # what the coarse gate needs: e, n, ve, vn, variances of place, cross, speed, has parts
        self.gate: NDArray[np.float64] = gate
        self.head: NDArray[np.void] = head  # a state row without x, cov, t_ns, p_exist

    def add(self, record: Record, g: Packed, t_ns: int) -> int:
        slot = self.n
        if slot == self.t_ns.shape[0]:
            self._room(2 * slot)
        self.n += 1
        self.records.append(record)
        self.slot_of[record.track_id] = slot
        self.mark[slot] = record.mark
        self.put(slot, g, t_ns)
        self.touch(slot)
        return slot

    def state(self, slot: int) -> Packed:
        found: list[float] = self.x[:, slot].tolist()
        return found

    def put(self, slot: int, g: Packed, t_ns: int) -> None:
        """The state, after its record's parts are as they should be."""
        self.x[:, slot] = g
        self.t_ns[slot] = t_ns
        cross = 2.0 * (abs(g[9]) + abs(g[15]))
        many = 1.0 if self.records[slot].parts else 0.0
        self.gate[:, slot] = (g[0], g[1], g[3], g[4], g[6] + g[12], cross, g[21] + g[24], many)

    def touch(self, slot: int) -> None:
        """The record changed: columns that mirror it follow, its head is made anew when read."""
        record = self.records[slot]
        self.status[slot] = -1 if record.ended is not None else record.status
        self.solid[slot] = record.solid
        self.sector[slot] = record.fix == Fix.SECTOR and not record.names
        self.stale[slot] = None

    def drop(self, slots: list[int]) -> None:
        """Removes these slots; the order of the others stays."""
        gone = set(slots)
        keep = np.array([i for i in range(self.n) if i not in gone], dtype=np.intp)
        k = len(keep)
        self.x[:, :k] = self.x[:, keep]
        self.gate[:, :k] = self.gate[:, keep]
        for column in (self.t_ns, self.mark, self.status, self.solid, self.sector, self.head):
            column[:k] = column[keep]
        moved = {int(old): new for new, old in enumerate(keep)}
        self.records = [self.records[i] for i in moved]
        self.slot_of = {r.track_id: i for i, r in enumerate(self.records)}
        self.stale = {moved[s]: None for s in self.stale if s in moved}
        self.n = k

    def pack(self) -> tuple[bytes, bytes, list[Record]]:
        n = self.n
        return self.x[:, :n].tobytes(), self.t_ns[:n].tobytes(), self.records

    @classmethod
    def unpack(cls, x: bytes, t_ns: bytes, records: list[Record]) -> Table:
        table = cls()
        n = len(records)
        states = np.frombuffer(x, dtype=np.float64).reshape(SIZE, n)
        times = np.frombuffer(t_ns, dtype=np.int64)
        for i, record in enumerate(records):
            table.add(record, states[:, i].tolist(), int(times[i]))
        return table
