"""Broadcasts are believed where nobody would see their drone, and doubted where somebody should."""

from __future__ import annotations

import numpy as np

from vigia.threat.claims import LONG_S, doubt
from vigia.threats import Looking
from vigia.tracktable import STATE_DTYPE, TrackFlag

RADAR = Looking(0.0, 0.0, 2_000.0, 0.0, 180.0)
CLAIMED, WEAK = int(TrackFlag.CLAIMED), int(TrackFlag.WEAK)


def track(n_m: float, *, up_m: float = 60.0, flags: int = CLAIMED) -> np.ndarray:
    states = np.zeros(1, STATE_DTYPE)
    states["track_id"], states["flags"] = b"a", flags
    states["x"][:, :3] = (0.0, n_m, up_m)
    return states


def is_weak(
    states: np.ndarray, looking: list[Looking], unseen: dict[str, int] | None = None
) -> bool:
    doubt(states, looking, {} if unseen is None else unseen, tick=True)
    return bool(states["flags"][0] & WEAK)


def test_where_a_radar_looks_a_broadcast_alone_is_weak() -> None:
    assert is_weak(track(900.0), [RADAR])
    assert is_weak(track(2_300.0), [RADAR]), "it will be seen before it arrives"


def test_where_nobody_would_see_it_a_broadcast_is_believed() -> None:
    assert not is_weak(track(900.0), [])
    assert not is_weak(track(2_500.0), [RADAR]), "beyond its reach"
    assert not is_weak(track(900.0, up_m=10.0), [RADAR]), "the ground may hide it"
    assert not is_weak(track(60.0), [RADAR]), "too near to be seen"
    assert not is_weak(track(900.0), [RADAR._replace(view_deg=180.0, half_deg=60.0)])


def test_what_somebody_measured_is_not_touched() -> None:
    assert not is_weak(track(900.0, flags=0), [RADAR])


def test_unseen_for_long_in_full_view_it_is_not_believed_behind_the_ground_either() -> None:
    unseen: dict[str, int] = {}
    for _ in range(LONG_S):
        assert is_weak(track(900.0), [RADAR], unseen)
    assert is_weak(track(300.0, up_m=10.0), [RADAR], unseen)
    assert not is_weak(track(300.0, up_m=10.0, flags=0), [RADAR], unseen), "seen at last"
    assert unseen == {}


def test_one_look_counts_once_a_second() -> None:
    unseen: dict[str, int] = {}
    for _ in range(20):
        doubt(track(900.0), [RADAR], unseen, tick=False)
    assert unseen == {}
