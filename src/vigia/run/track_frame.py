"""A picture -> one binary frame in columns, for consoles that ask for it (docs/web-protocol.md).

Little-endian; every column begins at a multiple of eight bytes, so that a browser reads it where
it lies. Unknown is NaN, or UNKNOWN in a column of whole numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vigia.run.link import Arrival
from vigia.run.page_json import PictureOut, SpotOut
from vigia.terms import Identity, TrackStatus
from vigia.tracktable import MARKS, Fix, TrackFlag, published_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
MAGIC = b"VGT1"
HEAD = struct.Struct("<4sIdIIII")  # magic, tracks, t_ms, arrivals, people, texts, bytes of texts
TRACKS_MAX = 20_000  # what no picture reaches; further tracks are left out
PEOPLE_MAX = 60_000
TEXTS_MAX = 65_534
TEXT_BYTES_MAX = 200  # of one text
ID_BYTES = 16
UNKNOWN = -(1 << 31)
DEG = 1e7  # whole numbers of a degree: eleven millimetres

IDENTITIES = ("", "hostile", "suspect", "neutral", "friend", "assumed_friend", "unknown")
_STATUS = {s.name.lower(): s.value for s in TrackStatus}
_MARK = {name: n for n, name in enumerate(MARKS)}
_FIX = {f.name.lower(): f.value for f in Fix}
_FLAG = {(f.name or "").lower(): f.value for f in TrackFlag}
_FLAGS_TOLD = sum(_FLAG.values())
_IDENTITY = {name: n for n, name in enumerate(IDENTITIES)}
_NUMBERS = (
    "height_m", "speed_mps", "course_deg_true", "climb_mps", "sigma_m", "p_exist", "p_drone",
    "azimuth_deg_true", "azimuth_sigma_deg",
)  # fmt: skip


class _Texts:
    """Index 0 is "none"."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {"": 0}
        self.known: list[bytes] = []

    def index(self, text: str | None) -> int:
        if not text:
            return 0
        found = self._of.get(text)
        if found is not None:
            return found
        if len(self.known) >= TEXTS_MAX:
            return 0
        self.known.append(_cut(text))
        self._of[text] = len(self.known)
        return len(self.known)


def frame_of_rows(
    data: bytes,
    arrivals: Mapping[str, Arrival],
    given: Mapping[str, Identity],
    people: Sequence[SpotOut],
    t_ms: int,
) -> bytes:
    """data: rows of tracktable.PUBLISHED_DTYPE, as published: no object is made of any track.
    The same bytes as frame_bytes of the same picture."""
    rows = published_rows(data)[:TRACKS_MAX]
    texts = _Texts()
    names: list[str] = rows["track_id"].astype(str).tolist()
    arrival = [arrivals.get(name) for name in names]
    met = [a for a in arrival if a is not None]
    track = [
        rows["track_id"].astype(f"S{ID_BYTES}"),
        rows["number"].astype("<u4"),
        _degrees(rows["lat_deg"]),
        _degrees(rows["lon_deg"]),
        _after(_ms(rows["t_ns"]), t_ms),
        _after(_ms(rows["t_last_ns"]), t_ms),
        *(rows[name].astype("<f4") for name in _NUMBERS),
        (rows["flags"] & _FLAGS_TOLD).astype("<u2"),
        _whole([texts.index(s.decode("ascii", "replace")) for s in rows["serial"].tolist()], "<u2"),
        _nth([a is not None for a in arrival]),
        _known(rows["status"], TrackStatus, TrackStatus.LOST),
        np.where(rows["mark"] < len(MARKS), rows["mark"], _MARK["demo"]).astype("<u1"),
        _known(rows["fix"], Fix, Fix.SECTOR),
        rows["witnesses"].astype("<u1"),
        _whole([_IDENTITY[given[n].value] if n in given else 0 for n in names], "<u1"),
    ]
    told = [
        _after(np.array([a.t_earliest_ns // 1_000_000 for a in met], "<f8"), t_ms),
        _after(_numbers([_whole_ms(a.t_p50_ns) for a in met]), t_ms),
        _real([a.p_hit for a in met]),
        _real([a.range_m for a in met]),
        _real([a.bearing_deg_true for a in met]),
        _whole([texts.index(a.target_id) for a in met], "<u2"),
    ]
    return _frame(t_ms, len(rows), track, len(met), told, people, texts)


def frame_bytes(picture: PictureOut) -> bytes:
    """Of tracks as objects: what one agency may see of a picture."""
    tracks, t_ms = picture.tracks[:TRACKS_MAX], picture.t_ms
    texts = _Texts()
    met = [t.arrival for t in tracks if t.arrival is not None]
    track = [
        np.array([t.track_id.encode("ascii", "replace") for t in tracks], dtype=f"S{ID_BYTES}"),
        _whole([t.number for t in tracks], "<u4"),
        _degrees(_numbers([t.lat_deg for t in tracks])),
        _degrees(_numbers([t.lon_deg for t in tracks])),
        _after(_numbers([t.t_ms for t in tracks]), t_ms),
        _after(_numbers([t.last_ms for t in tracks]), t_ms),
        *(_real([getattr(t, name) for t in tracks]) for name in _NUMBERS),
        _whole([_flags(t.flags) for t in tracks], "<u2"),
        _whole([texts.index(t.serial) for t in tracks], "<u2"),
        _nth([t.arrival is not None for t in tracks]),
        _whole([_STATUS.get(t.status, _STATUS["lost"]) for t in tracks], "<u1"),
        _whole([_MARK.get(t.mark, _MARK["demo"]) for t in tracks], "<u1"),
        _whole([_FIX.get(t.fix, _FIX["sector"]) for t in tracks], "<u1"),
        _whole([min(t.witnesses, 255) for t in tracks], "<u1"),
        _whole([_IDENTITY.get(t.given or "", 0) for t in tracks], "<u1"),
    ]
    told = [
        _after(_numbers([a.earliest_ms for a in met]), t_ms),
        _after(_numbers([a.p50_ms for a in met]), t_ms),
        _real([a.p_hit for a in met]),
        _real([a.range_m for a in met]),
        _real([a.bearing_deg_true for a in met]),
        _whole([texts.index(a.target_id) for a in met], "<u2"),
    ]
    return _frame(t_ms, len(tracks), track, len(met), told, picture.people, texts)


def _frame(
    t_ms: int,
    n: int,
    track: list[NDArray[Any]],
    met: int,
    told: list[NDArray[Any]],
    people: Sequence[SpotOut],
    texts: _Texts,
) -> bytes:
    people = people[:PEOPLE_MAX]
    columns = [
        *track,
        *told,
        _degrees(_numbers([p.lat_deg for p in people])),
        _degrees(_numbers([p.lon_deg for p in people])),
        _after(_numbers([p.t_ms for p in people]), t_ms),
        _real([p.sigma_m for p in people]),
        _whole([texts.index(p.person_id) for p in people], "<u2"),
    ]
    columns.append(_whole([len(x) for x in texts.known], "<u2"))
    words = b"".join(texts.known)
    head = HEAD.pack(MAGIC, n, float(t_ms), met, len(people), len(texts.known), len(words))
    return b"".join([head, *(_padded(c.tobytes()) for c in columns), words])


@cache
def _flags(words: tuple[str, ...]) -> int:
    return sum(_FLAG.get(w, 0) for w in words)


def _cut(text: str) -> bytes:
    """Whole characters only."""
    return text.encode()[:TEXT_BYTES_MAX].decode(errors="ignore").encode()


def _numbers(column: list[Any]) -> NDArray[np.float64]:
    """Any: None, which becomes NaN, or a number."""
    return np.array(column, dtype="<f8")


def _ms(t_ns: NDArray[Any]) -> NDArray[np.float64]:
    return (t_ns // 1_000_000).astype("<f8")


def _whole_ms(t_ns: int | None) -> int | None:
    return None if t_ns is None else t_ns // 1_000_000


def _degrees(deg: NDArray[Any]) -> NDArray[Any]:
    return np.where(np.isnan(deg), UNKNOWN, np.rint(deg * DEG)).astype("<i4")


def _after(at_ms: NDArray[np.float64], t_ms: int) -> NDArray[Any]:
    """Milliseconds beside the frame's time; three weeks are the longest that can be told."""
    after = at_ms - t_ms
    told = np.where(np.isnan(after), UNKNOWN, np.clip(after, UNKNOWN + 1, -UNKNOWN - 1))
    return told.astype("<i4")


def _nth(has: list[bool]) -> NDArray[Any]:
    """Counted from 1 where there is one; 0 where not."""
    there = np.array(has, dtype=bool)
    return np.where(there, np.cumsum(there), 0).astype("<u2")


def _known(column: NDArray[Any], kind: type[IntEnum], other: IntEnum) -> NDArray[Any]:
    return np.where(np.isin(column, [m.value for m in kind]), column, other.value).astype("<u1")


def _real(column: list[Any]) -> NDArray[Any]:
    return np.array(column, dtype="<f4")


def _whole(column: list[int], kind: str) -> NDArray[Any]:
    return np.array(column, dtype=kind)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)
