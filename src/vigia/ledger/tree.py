"""Leaf hashes -> tree heads and proofs, and their verification (RFC 6962 2.1, RFC 9162 2.1).

A leaf is hashed with 0x00 before it, an inner node with 0x01, so that none can pass for the
other. A tree of n leaves is split at the largest power of two below n.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962 2.1: the head of the empty tree
PROOF_MAX = 64  # hashes in a proof; a tree of 2**64 leaves needs no more for inclusion


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The growing edge of a tree: enough to append and to know the head, nothing to prove with.

    Holds one hash per complete subtree, largest first: O(log n) memory, O(log n) an append.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for leaf in leaf_hashes:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        size, peaks = self.size, self._peaks
        while size & 1:  # each trailing 1 of the size is a subtree as large as the new one
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            size >>= 1
        peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


class Tree:
    """All complete subtrees of a log, to give the head at any past size and every proof.

    _levels[k][i] is the hash of leaves i * 2**k up to (i + 1) * 2**k.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Sequence[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [list(leaf_hashes)]
        below = self._levels[0]
        while len(below) > 1:  # level by level is about twice as fast as leaf by leaf
            pairs = zip(below[::2], below[1::2], strict=False)  # an odd last one waits
            below = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
            self._levels.append(below)

    @property
    def size(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        node, level = leaf, 0
        self._levels[0].append(node)
        while len(self._levels[level]) % 2 == 0:
            node = node_hash(self._levels[level][-2], self._levels[level][-1])
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node)

    def root(self, size: int | None = None) -> bytes:
        """The head when the log had this many leaves; None: now."""
        size = self.size if size is None else size
        self._need(0 <= size <= self.size, f"size: got {size}")
        return self._range(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Proof that leaf `index` is in the tree of `size` leaves (RFC 6962 2.1.1)."""
        self._need(0 <= index < size <= self.size, f"leaf {index} of {size}")
        proof: list[bytes] = []
        begin, end = 0, size
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if index < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(begin, middle))
                begin = middle
        return proof[::-1]

    def consistency(self, first: int, size: int) -> list[bytes]:
        """Proof that the tree of `first` leaves begins the tree of `size` (RFC 6962 2.1.2)."""
        self._need(0 < first <= size <= self.size, f"sizes {first} and {size}")
        proof: list[bytes] = []
        begin, end, whole = 0, size, True
        while first != end:
            middle = begin + _split(end - begin)
            if first <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(begin, middle))
                begin, whole = middle, False
        if not whole:  # the verifier knows the first head only when it is a subtree by itself
            proof.append(self._range(begin, end))
        return proof[::-1]

    def _range(self, begin: int, end: int) -> bytes:
        """Head of leaves begin..end; begin is a multiple of the power of two >= end - begin."""
        if begin == end:
            return EMPTY_ROOT
        peaks: list[bytes] = []
        for level in reversed(range((end - begin).bit_length())):
            if (end - begin) & (1 << level):
                peaks.append(self._levels[level][begin >> level])
                begin += 1 << level
        root = peaks.pop()
        while peaks:
            root = node_hash(peaks.pop(), root)
        return root

    def _need(self, held: bool, got: str) -> None:
        if not held:
            raise ValueError(f"tree: {got}; the log has {self.size} leaves")


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """RFC 9162 2.1.3.2. leaf: its hash. False for any proof that does not fit."""
    if not 0 <= index < size or len(proof) > PROOF_MAX:
        return False
    node, last, head = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            head = node_hash(step, head)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            head = node_hash(head, step)
        node, last = node >> 1, last >> 1
    return last == 0 and head == root


def verify_consistency(
    *, first: int, first_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162 2.1.4.2, and the empty tree, which begins every tree."""
    if not 0 <= first <= size or len(proof) > PROOF_MAX:
        return False
    if first in (0, size):
        return not proof and first_root == (root if first == size else EMPTY_ROOT)
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == root


def _split(n: int) -> int:
    """The largest power of two below n, for n > 1."""
    return 1 << ((n - 1).bit_length() - 1)
