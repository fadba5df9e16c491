"""The tree against the Certificate Transparency vectors and a recursion written from the RFC."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

# The eight leaves and the heads of sizes 0..8 that Certificate Transparency implementations
# share as test vectors.
CT_LEAVES = [
    bytes.fromhex(h)
    for h in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_HEADS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = [
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
CT_CONSISTENCY_2_5 = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]

leaves_lists = st.lists(st.binary(max_size=6), max_size=70)


def naive_head(leaves: list[bytes]) -> bytes:
    """MTH, RFC 6962 section 2.1, word for word."""
    n = len(leaves)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < n:
        k *= 2
    return sha256(b"\x01" + naive_head(leaves[:k]) + naive_head(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH, RFC 6962 section 2.1.1."""
    n = len(leaves)
    if n == 1:
        return []
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_head(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_head(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF, RFC 6962 section 2.1.2."""
    n = len(leaves)
    if m == n:
        return [] if whole else [naive_head(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_head(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_head(leaves[:k])]


def tree_of(leaves: list[bytes]) -> Tree:
    return Tree([leaf_hash(leaf) for leaf in leaves])


@pytest.mark.parametrize("size", range(9))
def test_heads_are_those_of_certificate_transparency(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in CT_LEAVES]
    assert Frontier(hashes[:size]).root().hex() == CT_HEADS[size]
    assert Tree(hashes).root(size).hex() == CT_HEADS[size]


def test_proofs_are_those_of_certificate_transparency() -> None:
    tree = tree_of(CT_LEAVES)
    for index, size, proof in CT_INCLUSION:
        assert [h.hex() for h in tree.inclusion(index, size)] == proof
    assert [h.hex() for h in tree.consistency(2, 5)] == CT_CONSISTENCY_2_5
    assert tree.consistency(8, 8) == []


@settings(deadline=None)  # the machine may be busy
@given(leaves_lists)
def test_head_equals_the_recursion_of_the_rfc(leaves: list[bytes]) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    grown = Tree()
    for h in hashes:
        grown.append(h)
    want = naive_head(leaves)
    assert Frontier(hashes).root() == Tree(hashes).root() == grown.root() == want
    assert grown.size == Frontier(hashes).size == len(leaves)


def test_every_proof_of_every_size_up_to_20_equals_the_rfc_and_verifies() -> None:
    leaves = [bytes([i]) for i in range(20)]
    tree = tree_of(leaves)
    for size in range(1, 21):
        root = tree.root(size)
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert proof == naive_path(index, leaves[:size])
            leaf = leaf_hash(leaves[index])
            assert verify_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=root)
        for first in range(1, size + 1):
            proof = tree.consistency(first, size)
            assert proof == naive_subproof(first, leaves[:size], True)
            assert verify_consistency(
                first=first, first_root=tree.root(first), size=size, root=root, proof=proof
            )


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 60), st.data())
def test_a_proof_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) for i in range(size)]
    tree = tree_of(leaves)
    root = tree.root()
    index = data.draw(st.integers(0, size - 1))
    leaf, proof = leaf_hash(leaves[index]), tree.inclusion(index, size)
    other = data.draw(st.integers(-1, size).filter(lambda i: i != index))
    assert not verify_inclusion(leaf=leaf, index=other, size=size, proof=proof, root=root)
    assert not verify_inclusion(leaf=root, index=index, size=size, proof=proof, root=leaf) or (
        size == 1
    )
    assert not verify_inclusion(
        leaf=leaf, index=index, size=size, proof=[*proof, EMPTY_ROOT], root=root
    )
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bad = [*proof[:at], sha256(proof[at]).digest(), *proof[at + 1 :]]
        assert not verify_inclusion(leaf=leaf, index=index, size=size, proof=bad, root=root)
        assert not verify_inclusion(leaf=leaf, index=index, size=size, proof=proof[1:], root=root)


@settings(deadline=None)  # the machine may be busy
@given(st.integers(2, 60), st.data())
def test_a_changed_past_has_no_consistency_proof(size: int, data: st.DataObject) -> None:
    leaves = [bytes([i]) for i in range(size)]
    first = data.draw(st.integers(1, size - 1))
    at = data.draw(st.integers(0, first - 1))
    changed = tree_of([*leaves[:at], b"changed", *leaves[at + 1 :]])
    told = tree_of(leaves).root(first)
    proof = changed.consistency(first, size)
    root = changed.root()
    assert not verify_consistency(first=first, first_root=told, size=size, root=root, proof=proof)
    assert verify_consistency(
        first=first, first_root=changed.root(first), size=size, root=root, proof=proof
    )
    assert not verify_consistency(
        first=first, first_root=changed.root(first), size=size, root=root, proof=proof[:-1]
    )
    assert not verify_consistency(
        first=first, first_root=changed.root(first), size=size, root=root, proof=[*proof, told]
    )


def test_the_empty_tree_begins_every_tree_and_only_itself_ends_it() -> None:
    tree = tree_of(CT_LEAVES)
    root = tree.root()
    assert verify_consistency(first=0, first_root=EMPTY_ROOT, size=8, root=root, proof=[])
    assert not verify_consistency(first=0, first_root=root, size=8, root=root, proof=[])
    assert verify_consistency(first=8, first_root=root, size=8, root=root, proof=[])
    assert not verify_consistency(first=8, first_root=root, size=7, root=root, proof=[])
    assert not verify_consistency(first=3, first_root=root, size=8, root=root, proof=[])
    assert not verify_inclusion(leaf=EMPTY_ROOT, index=0, size=0, proof=[], root=EMPTY_ROOT)


def test_asking_beyond_the_log_is_an_error_that_says_how_large_it_is() -> None:
    tree = tree_of(CT_LEAVES)
    for call in (
        lambda: tree.root(9),
        lambda: tree.inclusion(8, 8),
        lambda: tree.inclusion(0, 9),
        lambda: tree.consistency(0, 8),
        lambda: tree.consistency(5, 4),
    ):
        with pytest.raises(ValueError, match="the log has 8 leaves"):
            call()


def test_a_proof_longer_than_any_tree_needs_is_refused() -> None:
    long = [EMPTY_ROOT] * 65
    assert not verify_inclusion(leaf=EMPTY_ROOT, index=0, size=2, proof=long, root=EMPTY_ROOT)
    assert not verify_consistency(
        first=1, first_root=EMPTY_ROOT, size=2, root=EMPTY_ROOT, proof=long
    )
