"""What a look that saw nothing proves, drones within one radar's sigma, and people who watch on."""

from __future__ import annotations

import math

import numpy as np

from track_world import T0, S, Vec, at, look, observe, radar, report, sight, toward, world
from vigia.events import SensorSite
from vigia.scan import Scan
from vigia.track.tracker import Tracker
from vigia.tracktable import CLASSES

FAR: tuple[Vec, Vec] = ((-900.0, 400.0, 80.0), (0.0, 0.0, 0.0))  # keeps the radar talking
SWEEPS = [((500.0 + 40.0 * k, -700.0, 60.0), (0.0, 8.0, 0.0)) for k in range(3)]


def fly(
    tracker: Tracker,
    v: Vec,
    *,
    until_s: int,
    unseen_from: int = 99,
    radars: tuple[str, ...] = ("radar",),
    deaf: tuple[str, ...] = (),
) -> None:
    for k in range(until_s):
        for n, name in enumerate(radars):
            t = k + 0.4 * n
            drone = ((200.0 + v[0] * t, 500.0 + v[1] * t, 60.0), v)
            sees = k < unseen_from and not (name in deaf and k >= 8)
            scan = look(SWEEPS + [drone] * sees, T0 + k * S + n * 400_000_000)
            observe(tracker, name, scan)
            tracker.advance(T0 + k * S + n * 400_000_000 + 200_000_000)


def odds(tracker: Tracker, t_ns: int, near: Vec) -> float:
    rows = tracker.states(t_ns)
    off = [math.dist(row["x"][:2], near[:2]) for row in rows]
    p = float(rows[int(np.argmin(off))]["p_exist"])
    return math.log(p / (1.0 - p))


def test_looks_that_saw_nothing_weigh_less_against_one_that_may_hover() -> None:
    radially, across = Tracker(world(radar())), Tracker(world(radar()))
    t = T0 + 10 * S + 300_000_000
    fly(radially, (4.0, 10.0, 0.0), until_s=11, unseen_from=9)
    fly(across, (0.5, -0.2, 0.0), until_s=11, unseen_from=9)
    moving = odds(radially, t, (240.0, 600.0, 60.0))
    still = odds(across, t, (205.0, 498.0, 60.0))
    assert moving < 2.0 < 3.0 < still


def test_what_one_radar_missed_is_no_doubt_once_another_has_seen_it() -> None:
    tracker = Tracker(world(radar("one"), radar("two")))
    fly(tracker, (4.0, 10.0, 0.0), until_s=14, radars=("one", "two"), deaf=("one",))
    assert odds(tracker, T0 + 13 * S + 700_000_000, (254.0, 635.0, 60.0)) > 3.0


def test_two_plots_that_fit_either_of_two_tracks_count_for_both() -> None:
    """They fly 60 m apart, come within a sigma, and part as they came or crossed: nobody knows."""
    spread: list[float] = []
    for apart_m in (12.0, 200.0):
        tracker = Tracker(world(radar()))
        for k in range(14):
            off = 0.5 * apart_m if k > 10 else max(0.5 * apart_m, 60.0 - 6.0 * k)
            pair: list[tuple[Vec, Vec]] = [
                ((side * off, 900.0, 60.0), (0.0, 0.0, 0.0)) for side in (-1.0, 1.0)
            ]
            pair = [(p, (0.0, 6.0, 0.0)) for p, _ in pair]
            observe(tracker, "radar", look([*pair, FAR], T0 + k * S))
            tracker.advance(T0 + k * S + 200_000_000)
        rows = tracker.states(T0 + 13 * S)
        close = [r for r in rows if abs(float(r["x"][1]) - 900.0) < 60.0]
        assert len(close) == 2
        spread.append(max(float(r["cov"][0, 0]) for r in close))
    assert spread[0] > spread[1], "close to each other each is less sure where it is"


def test_people_who_watch_one_drone_keep_one_track_whatever_one_of_them_points_at() -> None:
    tracker = Tracker(world())
    stands: list[Vec] = [(60.0 * math.sin(a), 60.0 * math.cos(a), 1.6) for a in (0.2, 2.3, 4.4)]
    rng = np.random.default_rng(2)
    off: list[float] = []
    for k in range(150):
        t = 2.0 * math.pi * k
        p: Vec = (35.0 * math.sin(t / 47.0 + 1.0), 35.0 * math.sin(t / 39.0 + 2.0), 25.0)
        for j, stand in enumerate(stands):
            if k % 5 == (j * 5) // 3:
                wild = 35.0 if k % 50 == 20 else 0.0
                azimuth = toward(p, stand) + 12.0 * rng.normal() + wild
                body = report(
                    f"r{k}-{j}", T0 + k * S, azimuth=azimuth, person_id=str(j), sigma_deg=12.0
                )
                sight(tracker, body, at(*stand))
        tracker.advance(T0 + k * S + S // 2)
        if k >= 30:
            rows = tracker.states(T0 + k * S)
            assert len(rows) == 1
            off.append(math.dist(rows[0]["x"][:2], p[:2]))
    assert float(np.median(off)) <= 25.0


def test_one_word_of_a_classifier_makes_no_drone_of_a_bird_and_many_make_one() -> None:
    site: SensorSite = radar()
    tracker = Tracker(world(site))
    called: list[str] = []
    for k in range(20):
        scan = look([((0.0, 600.0 + 9.0 * k, 60.0), (0.0, 9.0, 0.0)), FAR], T0 + k * S)
        rows = scan.rows().copy()
        rows["p_drone"] = 0.8 if k >= 5 else math.nan
        rows["p_drone"][0] = 0.8 if k == 2 or k >= 5 else math.nan
        observe(tracker, "radar", Scan(scan.layout, rows.tobytes()))
        tracker.advance(T0 + k * S + 200_000_000)
        shown = [r for r in tracker.states(T0 + k * S) if abs(float(r["x"][0])) < 60.0]
        called.append(CLASSES[int(shown[0]["cls"])] if shown else "")
    assert "drone" not in called[:6]
    assert called[-1] == "drone"
