"""Published rows and arrivals -> the tracks of a picture, as the pages read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from vigia.run.link import Arrival
from vigia.run.page_json import ArrivalOut, TrackOut
from vigia.terms import Identity, TrackStatus
from vigia.tracktable import MARKS, Fix, TrackFlag, published_rows

_FLAGS = [(flag.value, (flag.name or "").lower()) for flag in TrackFlag if flag]
_STATUS = {s.value: s.name.lower() for s in TrackStatus}
_FIX = {f.value: f.name.lower() for f in Fix}
_MARK = dict(enumerate(MARKS))
_COLUMNS = """
track_id number status mark fix witnesses flags t_ns t_last_ns lat_deg lon_deg height_m speed_mps
course_deg_true climb_mps sigma_m p_exist p_drone azimuth_deg_true azimuth_sigma_deg serial
"""


def tracks_json(
    data: bytes, arrivals: Mapping[str, Arrival], given: Mapping[str, Identity]
) -> Iterator[TrackOut]:
    """data: rows of tracktable.PUBLISHED_DTYPE. NaN inside a column is None at the door."""
    rows = published_rows(data)
    # Any: a structured dtype's columns have no static type; their fields are tracktable's.
    columns: list[list[Any]] = [rows[name].tolist() for name in _COLUMNS.split()]
    for (
        track_id, number, status, mark, fix, witnesses, flags, t_ns, last_ns, lat, lon, height,
        speed, course, climb, sigma, p_exist, p_drone, azimuth, azimuth_sigma, serial,
    ) in zip(*columns, strict=True):  # fmt: skip
        name = track_id.decode("ascii", "replace")
        yield TrackOut(
            track_id=name,
            number=number,
            status=_STATUS.get(status, "lost"),
            mark=_MARK.get(mark, "demo"),
            fix=_FIX.get(fix, "sector"),
            witnesses=witnesses,
            flags=_words(flags),
            t_ms=t_ns // 1_000_000,
            last_ms=last_ns // 1_000_000,
            lat_deg=_known(lat),
            lon_deg=_known(lon),
            height_m=_known(height),
            speed_mps=_known(speed),
            course_deg_true=_known(course),
            climb_mps=_known(climb),
            sigma_m=_known(sigma),
            p_exist=_known(p_exist),
            p_drone=_known(p_drone),
            azimuth_deg_true=_known(azimuth),
            azimuth_sigma_deg=_known(azimuth_sigma),
            serial=serial.decode("ascii", "replace") or None,
            arrival=_arrival(arrivals.get(name)),
            given=given[name].value if name in given else None,
        )


def _arrival(found: Arrival | None) -> ArrivalOut | None:
    if found is None:
        return None
    return ArrivalOut(
        target_id=found.target_id,
        p_hit=found.p_hit,
        earliest_ms=found.t_earliest_ns // 1_000_000,
        p50_ms=None if found.t_p50_ns is None else found.t_p50_ns // 1_000_000,
        range_m=found.range_m,
        bearing_deg_true=found.bearing_deg_true,
    )


@cache
def _words(flags: int) -> tuple[str, ...]:
    return tuple(word for flag, word in _FLAGS if flags & flag)


def _known(value: float) -> float | None:
    return None if value != value else value
