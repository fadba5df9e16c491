"""Made-up tracks and targets for the tests of the threat stage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vigia.events import Policy
from vigia.terms import TrackStatus
from vigia.threat.targets import Targets
from vigia.tracktable import STATE_DTYPE, Fix, TrackFlag

POLICY = Policy()


def track(
    e_m: float,
    n_m: float,
    ve: float = 0.0,
    vn: float = 0.0,
    *,
    up_m: float = 60.0,
    status: TrackStatus = TrackStatus.CONFIRMED,
    fix: Fix = Fix.POSITION,
    flags: TrackFlag = TrackFlag.NONE,
    sigma_m: float = 10.0,
    sigma_v: float = 1.0,
    p_drone: float = 0.9,
    cls: int = 0,
    witnesses: int = 1,
) -> NDArray[np.void]:
    """(1,) a state."""
    row = np.zeros(1, dtype=STATE_DTYPE)
    row["track_id"] = b"0123456789abcdef"
    row["number"] = 1
    row["status"], row["fix"], row["flags"] = status, fix, flags
    row["x"] = (e_m, n_m, up_m, ve, vn, 0.0)
    row["cov"] = np.diag([sigma_m**2] * 3 + [sigma_v**2] * 3)
    row["p_exist"], row["p_drone"] = 0.99, p_drone
    row["cls"], row["witnesses"] = cls, witnesses
    return row


def at(*places: tuple[float, float], sigma_m: float = 5.0, extent_m: float = 0.0) -> Targets:
    """People at these places [m]."""
    n = len(places)
    return Targets(
        [f"person/p{i}" for i in range(n)],
        [f"p{i}" for i in range(n)],
        np.array(places, np.float64).reshape(-1, 2),
        np.zeros(n),
        np.full(n, extent_m),
        np.full(n, sigma_m),
    )


def scene(
    seed: int, *, tracks: int, people: int, half_m: float
) -> tuple[NDArray[np.void], Targets]:
    """All kinds of both, at random."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate([track(0.0, 0.0) for _ in range(tracks)])
    rows["track_id"] = [f"{i:016x}".encode() for i in range(tracks)]
    rows["number"] = np.arange(tracks)
    rows["x"][:, :2] = rng.uniform(-half_m, half_m, (tracks, 2))
    rows["x"][:, 3:5] = rng.normal(0.0, 10.0, (tracks, 2))
    rows["cov"] *= rng.choice([0.2, 1.0, 9.0, 900.0], tracks)[:, None, None]
    rows["status"] = rng.choice([1, 2, 2, 2], tracks)
    rows["fix"] = rng.choice([1, 1, 1, 2], tracks)
    rows["flags"] = rng.choice([0, 0, 1, 2, 4, 8, 16, 32, 64, 66], tracks)
    rows["p_drone"] = rng.uniform(0.0, 1.0, tracks)
    rows["p_exist"] = rng.uniform(0.3, 1.0, tracks)
    rows["azimuth_deg_true"] = rng.uniform(0.0, 360.0, tracks)
    rows["azimuth_sigma_deg"] = rng.uniform(1.0, 20.0, tracks)
    targets = at(*rng.uniform(-half_m, half_m, (people, 2)).tolist())
    sigma = rng.choice([0.0, 5.0, 60.0, 400.0], people)
    extent = rng.choice([0.0, 0.0, 200.0], people)
    return rows, targets._replace(sigma_m=sigma, extent_m=extent)
