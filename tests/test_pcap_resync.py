"""A capture cut anywhere and its head: the records behind the cut come out, no other."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

import captures
from vigia.wire.pcap import Damage, Reader, Record
from vigia.wire.pcap_resync import SEARCH_MAX, Resync

T_NS = 1_767_225_600 * 10**9
FRAMES = st.lists(st.binary(max_size=120), min_size=1, max_size=12)
ORDERS = st.sampled_from(["<", ">"])


def found(head: bytes, data: bytes, split: int, near_ns: int = T_NS) -> list[Record | Damage]:
    """What a new process reads of the bytes behind the cut."""
    resync, reader = Resync(head, near_ns), Reader()
    assert reader.feed(head) == []
    for at in range(0, len(data), split):
        aligned = resync.feed(data[at : at + split])
        if aligned is not None:
            assert aligned == data[resync.skipped : at + split]
            return [*reader.feed(aligned), *reader.feed(data[at + split :])]
    return []


def head_of(data: bytes) -> bytes:
    reader = Reader()
    reader.feed(data)
    return reader.head


def frames_of(items: list[Record | Damage]) -> list[bytes]:
    assert not [item for item in items if isinstance(item, Damage)]
    return [item.frame for item in items if isinstance(item, Record)]


@given(FRAMES, ORDERS, st.booleans(), st.data(), st.integers(1, 500))
def test_classic_records_behind_any_cut_come_out(
    frames: list[bytes], order: str, nanos: bool, draw: st.DataObject, split: int
) -> None:
    timed = [(T_NS + n * 10**9, frame) for n, frame in enumerate(frames)]
    data = captures.classic(timed, linktype=105, order=order, nanos=nanos)
    cut = draw.draw(st.integers(24, len(data)))
    starts = [24 + sum(16 + len(f) for f in frames[:n]) for n in range(len(frames))]
    behind = [frame for start, frame in zip(starts, frames, strict=True) if start >= cut]
    got = frames_of(found(head_of(data), data[cut:], split))
    assert got == (behind if len(behind) > 1 else [])  # the last proves itself by its successor


@given(FRAMES, ORDERS, st.data(), st.integers(1, 500))
def test_pcapng_records_behind_any_cut_come_out(
    frames: list[bytes], order: str, draw: st.DataObject, split: int
) -> None:
    head = captures.section(order) + captures.interface(105, order)
    head += captures.interface(127, order, tsresol=9)
    blocks = [captures.enhanced(n, frame, order, index=n % 2) for n, frame in enumerate(frames)]
    data = head + b"".join(blocks)
    assert head_of(data) == head
    cut = draw.draw(st.integers(len(head), len(data)))
    starts = [len(head) + sum(map(len, blocks[:n])) for n in range(len(blocks))]
    behind = [frame for start, frame in zip(starts, frames, strict=True) if start >= cut]
    assert frames_of(found(head, data[cut:], split)) == behind


def test_a_recording_of_another_year_needs_four_headers_in_a_row() -> None:
    timed = [(T_NS + n * 10**9, b"frame %d" % n) for n in range(6)]
    data = captures.classic(timed, linktype=105)
    far_ns = T_NS + 400 * 86_400 * 10**9
    assert len(frames_of(found(data[:24], data[30:], 7, far_ns))) == 5
    assert found(data[:24], data[80:], 7, far_ns) == []


def test_a_single_header_inside_a_frame_is_not_believed() -> None:
    lie = struct.pack("<4I", T_NS // 10**9, 0, 4, 4)
    timed = [(T_NS, b"."), (T_NS, b"ab" + lie + b"x" * 40), (T_NS, b"two"), (T_NS, b"three")]
    data = captures.classic(timed, linktype=105)
    assert frames_of(found(data[:24], data[24 + 17 + 17 :], 9)) == [b"two", b"three"]


def test_the_search_ends_and_zeros_are_no_records() -> None:
    resync = Resync(captures.classic([], linktype=105), T_NS)
    assert resync.feed(bytes(SEARCH_MAX)) is None
    with pytest.raises(ValueError, match="no record begins"):
        resync.feed(b"\0")


@pytest.mark.parametrize("head", [b"", b"text", bytes(24), captures.section()[:8]])
def test_a_head_that_is_none_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match="capture head"):
        Resync(head, T_NS)


def test_a_new_section_has_a_new_head_and_one_too_large_has_none() -> None:
    first = captures.section() + captures.interface(105)
    second = captures.section(">") + captures.interface(127, ">")
    assert head_of(first + captures.enhanced(1, b"x") + second) == second
    large = captures.block(1, struct.pack("<HHI", 105, 0, 0) + bytes(70_000))
    assert head_of(captures.section() + large + captures.interface(105)) == b""
