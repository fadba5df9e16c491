from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import captures
from corpus import corpus
from vigia.wire import pcap
from vigia.wire.pcap import Damage, Reader, Record

T_NS = 1_700_000_000_123_456_789
FRAMES = [(T_NS, b"first"), (T_NS + 1_000_000_000, b"second frame"), (T_NS + 2, b"")]


def read(data: bytes) -> list[Record | Damage]:
    reader = Reader()
    out = reader.feed(data)
    if (last := reader.finish()) is not None:
        out.append(last)
    return out


def records(data: bytes) -> list[Record]:
    out = read(data)
    found = [item for item in out if isinstance(item, Record)]
    assert len(found) == len(out), out
    return found


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanos", [True, False])
def test_classic_pcap_of_both_orders_and_resolutions(order: str, nanos: bool) -> None:
    got = records(captures.classic(FRAMES, linktype=127, order=order, nanos=nanos))
    step = 1 if nanos else 1000
    assert [(r.number, r.t_ns, r.linktype, r.frame) for r in got] == [
        (i + 1, t_ns // step * step, 127, frame) for i, (t_ns, frame) in enumerate(FRAMES)
    ]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("tsresol", "ticks"),
    [(None, T_NS // 1000), (9, T_NS), (6, T_NS // 1000), (0x80 | 10, 1_700_000_000 << 10)],
)
def test_pcapng_times_follow_the_interface(order: str, tsresol: int | None, ticks: int) -> None:
    data = captures.section(order) + captures.interface(272, order, tsresol=tsresol)
    (got,) = records(data + captures.enhanced(ticks, b"frame", order))
    expected = {
        None: T_NS // 1000 * 1000,
        9: T_NS,
        6: T_NS // 1000 * 1000,
        0x80 | 10: 1_700_000_000_000_000_000,
    }
    assert (got.t_ns, got.linktype, got.frame) == (expected[tsresol], 272, b"frame")


def test_pcapng_time_offset_is_added() -> None:
    data = captures.section() + captures.interface(127, tsoffset=1_700_000_000)
    (got,) = records(data + captures.enhanced(5, b"x"))
    assert got.t_ns == 1_700_000_000_000_005_000


def test_pcapng_options_are_padded_to_four_bytes() -> None:
    data = captures.section() + captures.interface(127, tsresol=9, tsoffset=100)
    (got,) = records(data + captures.enhanced(5, b"x"))
    assert got.t_ns == 100_000_000_005


def test_pcapng_simple_packet_has_no_time_and_honours_the_snapshot_length() -> None:
    data = captures.section() + captures.interface(127, snaplen=4)
    (got,) = records(data + captures.simple(b"abcd", original=9))
    assert (got.t_ns, got.frame, got.cut) == (None, b"abcd", True)


@pytest.mark.parametrize(("ticks", "tsoffset"), [(1 << 63, 0), (0, -1), (0, 1 << 62)])
def test_an_impossible_time_is_none_and_the_frame_is_kept(ticks: int, tsoffset: int) -> None:
    data = captures.section() + captures.interface(127, tsoffset=tsoffset)
    (got,) = records(data + captures.enhanced(ticks, b"x"))
    assert (got.t_ns, got.frame) == (None, b"x")


def test_pcapng_second_section_may_change_the_byte_order_and_forgets_interfaces() -> None:
    first = captures.section("<") + captures.interface(127, "<") + captures.enhanced(1, b"a", "<")
    second = captures.section(">") + captures.interface(272, ">") + captures.enhanced(2, b"b", ">")
    assert [(r.number, r.linktype, r.t_ns) for r in records(first + second)] == [
        (1, 127, 1000),
        (2, 272, 2000),
    ]
    lost = read(first + captures.section(">") + captures.enhanced(2, b"b", ">"))
    assert isinstance(lost[-1], Damage)
    assert "interface 0" in lost[-1].what


def test_pcapng_blocks_nobody_reads_are_passed_over_whatever_their_size() -> None:
    reader = Reader()
    reader.feed(captures.section() + captures.interface(127))
    big = captures.block(5, bytes(8_000_000))
    assert reader.feed(big[:5_000_000]) == []
    assert len(reader._buffer) < 100, "a block that is not read must not be kept"
    (got,) = reader.feed(big[5_000_000:] + captures.enhanced(1, b"after"))
    assert isinstance(got, Record)
    assert got.frame == b"after"
    assert reader.finish() is None


def test_a_frame_shorter_than_it_was_on_the_air_is_marked() -> None:
    data = pcap.classic_header(127) + struct.pack("<4I", 1, 0, 3, 10) + b"abc"
    (got,) = records(data)
    assert got.cut


def test_what_we_write_we_read() -> None:
    data = pcap.classic_header(105) + pcap.classic_record(t_ns=T_NS, frame=b"xyz")
    (got,) = records(data)
    assert (got.t_ns, got.linktype, got.frame) == (T_NS, 105, b"xyz")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "got 0 bytes"),
        (b"GIF89a..", "magic 47494638"),
        (pcap.classic_header(127)[:10], "got 10 bytes"),
        (pcap.classic_header(127) + struct.pack("<4I", 1, 0, 1 << 30, 1 << 30), "at most 262144"),
        (pcap.classic_header(127) + struct.pack("<4I", 1, 2_000_000_000, 3, 3), "fraction"),
        (pcap.classic_header(127) + struct.pack("<4I", 1, 0, 9, 9) + b"abc", "after frame 0"),
        (captures.section() + struct.pack("<2I", 6, 13) + bytes(8), "multiple of 4"),
        (captures.section() + captures.enhanced(1, b"x"), "interface 0"),
        (captures.section()[:-4] + bytes(4), "at the end"),
        (captures.section() + captures.block(5, bytes(40))[:-9], "passed over"),
        (captures.section() + captures.interface(1) * 257, "256 interfaces"),
        (captures.section() + captures.interface(1) + captures.block(6, bytes(8)), "20 or more"),
    ],
)
def test_damage_is_one_clear_value_and_the_last(data: bytes, word: str) -> None:
    out = read(data)
    assert isinstance(out[-1], Damage)
    assert word in out[-1].what
    assert sum(isinstance(item, Damage) for item in out) == 1
    reader = Reader()
    reader.feed(data)
    if not isinstance(reader.finish(), Damage):
        assert reader.feed(captures.classic(FRAMES, linktype=1)) == [], "no resync"


def sample() -> bytes:
    data = captures.section() + captures.interface(127, tsresol=9) + captures.interface(272)
    data += captures.enhanced(T_NS, b"one") + captures.block(4, b"names") + captures.simple(b"two")
    return data + captures.enhanced(77, b"three", index=1)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(sample())), max_size=8), st.booleans())
def test_where_the_bytes_are_cut_changes_nothing(cuts: list[int], old: bool) -> None:
    data = captures.classic(FRAMES, linktype=127) if old else sample()
    reader = Reader()
    out: list[Record | Damage] = []
    for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        out += reader.feed(data[a:b])
    assert reader.finish() is None
    assert out == read(data)


@settings(deadline=None)
@given(st.integers(1, len(sample()) - 1))
def test_a_capture_cut_short_gives_the_records_before_the_cut(size: int) -> None:
    whole = read(sample())
    got = read(sample()[:size])
    kept = [item for item in got if isinstance(item, Record)]
    assert kept == whole[: len(kept)]
    assert len(got) - len(kept) <= 1


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", sample()[:28], pcap.classic_header(127)]))
def test_garbage_never_raises(data: bytes, head: bytes) -> None:
    out = read(head + data)
    assert sum(isinstance(item, Damage) for item in out) <= 1


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "linktype", "count"),
    [
        ("odid_bt5_lr_sample.pcapng", 272, 274),
        ("odid_wifi_bcn_sample.pcap", 127, 21),
        ("odid_wifi_sample.pcap", 127, 63),
    ],
)
def test_captures_made_by_others_are_read_whole(name: str, linktype: int, count: int) -> None:
    got = records(corpus(f"remoteid/{name}").read_bytes())
    assert len(got) == count
    assert {r.linktype for r in got} == {linktype}
    assert [r.number for r in got] == list(range(1, count + 1))
