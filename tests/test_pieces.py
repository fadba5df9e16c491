"""JSON values and lines in any split: the same pieces; what is too long is passed over."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigia.wire.pieces import Overlong, Pieces

STREAM = (
    b'{"a": "}\\"{", "b": [1, {"c": 2}]}\r\n[1,\n2]\nMSG,1\n\n{"long": "' + b"x" * 90 + b'"}\nlast'
)


def pieces(parts: list[bytes], piece_max: int, *, values: bool) -> list[bytes | Overlong]:
    reader = Pieces(piece_max, values=values)
    found = [piece for part in parts for piece in reader.feed(part)]
    rest = reader.finish()
    return [*found, rest] if rest else found


def test_values_span_lines_and_lines_stand_alone() -> None:
    found = pieces([STREAM], 1_000, values=True)
    assert found[:3] == [b'{"a": "}\\"{", "b": [1, {"c": 2}]}', b"[1,\n2]", b"MSG,1"]
    assert found[-1] == b"last"


def test_what_is_too_long_costs_itself_only() -> None:
    found = pieces([STREAM], 60, values=True)
    assert [isinstance(p, Overlong) for p in found] == [False, False, False, True, False]


@given(
    st.lists(st.integers(0, len(STREAM)), max_size=9),
    st.integers(3, 200),
    st.booleans(),
)
def test_where_the_bytes_are_cut_changes_nothing(cuts: list[int], most: int, values: bool) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[a:b] for a, b in pairwise(edges)]
    assert pieces(parts, most, values=values) == pieces([STREAM], most, values=values)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5), st.booleans())
def test_garbage_is_cut_the_same_too(data: bytes, cuts: list[int], values: bool) -> None:
    edges = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    assert pieces(parts, 40, values=values) == pieces([data], 40, values=values)
