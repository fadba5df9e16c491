"""Segments: bytes come back, a torn tail is cut, the folder stays within its budget."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigia.run.segments import MAGIC, Ref, SegmentFiles, Segments, numbers, sound_length

HEAD = 8


def written(folder: Path, payloads: list[bytes], **limits: int) -> list[Ref]:
    segments = Segments(folder, **limits)
    refs = [segments.append(p) for p in payloads]
    segments.sync()
    segments.close()
    return refs


def test_what_went_in_comes_out_over_several_segments(tmp_path: Path) -> None:
    payloads = [bytes([k]) * (k * 7 + 1) for k in range(100)]
    refs = written(tmp_path, payloads, segment_bytes_max=2_000)
    assert len(numbers(tmp_path)) > 5
    assert all(p.stat().st_size <= 2_000 for p in tmp_path.glob("*.seg"))
    files = SegmentFiles(tmp_path)
    assert [files.read(ref) for ref in refs] == payloads
    files.close()


def test_a_new_writer_goes_on_in_the_same_segment(tmp_path: Path) -> None:
    first = written(tmp_path, [b"one"])
    second = written(tmp_path, [b"two"])
    assert second[0].segment == first[0].segment
    files = SegmentFiles(tmp_path)
    assert [files.read(r) for r in first + second] == [b"one", b"two"]
    files.close()


@pytest.mark.parametrize("cut", [1, 3, 7, HEAD, HEAD + 1])
def test_a_torn_tail_is_cut_and_the_rest_is_kept(tmp_path: Path, cut: int) -> None:
    whole, torn = written(tmp_path, [b"whole", b"torn in the middle"])
    path = tmp_path / "000001.seg"
    path.write_bytes(path.read_bytes()[: torn.offset + cut])
    segments = Segments(tmp_path)
    assert segments.cut_bytes == cut
    again = segments.append(b"after")
    assert again.offset == torn.offset
    segments.sync()
    segments.close()
    files = SegmentFiles(tmp_path)
    assert files.read(whole) == b"whole"
    assert files.read(again) == b"after"
    files.close()


def test_zeros_after_a_crash_are_no_records(tmp_path: Path) -> None:
    """A file system may lengthen a file before it has the bytes."""
    (ref,) = written(tmp_path, [b"whole"])
    path = tmp_path / "000001.seg"
    path.write_bytes(path.read_bytes() + bytes(4096))
    segments = Segments(tmp_path)
    segments.close()
    assert path.stat().st_size == ref.offset + HEAD + ref.length


def test_a_segment_torn_at_birth_is_left_for_a_new_one(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "000001.seg").write_bytes(MAGIC[:3])
    (ref,) = written(tmp_path, [b"x"])
    assert ref.segment == 2


def test_the_oldest_goes_when_the_budget_is_spent(tmp_path: Path) -> None:
    segments = Segments(tmp_path, budget_bytes=10_000, segment_bytes_max=2_000)
    refs = [segments.append(bytes(900)) for _ in range(40)]
    segments.sync()
    assert segments.retain() > 0
    assert segments.dropped_bytes > 20_000
    assert sum(p.stat().st_size for p in tmp_path.glob("*.seg")) <= 10_000
    segments.close()
    files = SegmentFiles(tmp_path)
    assert files.read(refs[0]) is None
    assert files.read(refs[-1]) == bytes(900)
    files.close()


def test_what_was_not_synced_is_written_again_elsewhere(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    kept = segments.append(b"kept")
    segments.sync()
    segments.append(b"lost")
    segments.rollback()
    again = segments.append(b"lost")
    segments.sync()
    segments.close()
    assert again.segment == kept.segment + 1
    files = SegmentFiles(tmp_path)
    assert files.read(again) == b"lost"
    files.close()


def test_an_altered_byte_is_refused(tmp_path: Path) -> None:
    (ref,) = written(tmp_path, [b"payload"])
    path = tmp_path / "000001.seg"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    files = SegmentFiles(tmp_path)
    with pytest.raises(ValueError, match="cut or damaged"):
        files.read(ref)
    with pytest.raises(ValueError, match="reference is damaged"):
        files.read(Ref(1, 10, -5))
    files.close()


@given(st.binary(max_size=200), st.integers(0, 300))
def test_garbage_never_makes_a_record_that_is_not_there(data: bytes, cut: int) -> None:
    good = sound_length((MAGIC + data)[:cut])
    assert good == 0 or len(MAGIC) <= good <= cut
