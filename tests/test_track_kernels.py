"""The compiled kernels: equal to the interpreter, fixed once ready, exact in what they promise."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from track_world import (
    RID,
    T0,
    S,
    Vec,
    along,
    at,
    look,
    observe,
    radar,
    report,
    rf,
    sight,
    stated,
    world,
)
from vigia.events import SensorSite
from vigia.scan import Layout, pack
from vigia.terms import TrackStatus
from vigia.track import kernels, layout
from vigia.track.tracker import Tracker
from vigia.tracktable import CLASSES, Fix, TrackFlag

P: Vec = (900.0, 700.0, 80.0)
V: Vec = (-12.0, -8.0, 0.0)

SCENE = """
import sys
sys.path.insert(0, "tests")
import numpy as np
from track_world import *
from vigia.track import kernels
if sys.argv[1] == "plain":
    kernels.install(kernels.INTERPRETED)
rng = np.random.default_rng(3)
tracker = Tracker(world(radar(), rf("rf1", at(500.0, 0.0)), RID))
for k in range(9):
    one, two = along((900, 700, 80), (-12, -8, 0), k), along((850, 600, 60), (-9, -11, 0), k)
    late = T0 + k * S - (1_500_000_000 if k % 3 == 2 else 0)
    scan = look([(one, (-12, -8, 0)), (two, (-9, -11, 0))], late, rng=rng)
    observe(tracker, "radar", scan, recv_ns=T0 + k * S + 200_000_000)
    heard = look([(two, (0, 0, 0))], T0 + k * S, stand=(500, 0, 0), bearing_only=True, rng=rng)
    observe(tracker, "rf1", heard)
    observe(tracker, "rid", stated(along((-300, 900, 50), (3, 1, 0), k), (3, 1, 0), T0 + k * S))
    if k == 4:
        sight(tracker, report("r1", T0 + k * S, azimuth=toward(one, (0, 0, 0))))
        sight(tracker, report("r2", T0 + k * S, azimuth=200.0, person_id="bo"))
    tracker.advance(T0 + k * S)
states = tracker.states(T0 + 9 * S)
for row in states:
    print(row["track_id"].decode(), row["number"], row["status"], row["fix"], row["flags"],
          row["witnesses"], *(f"{v:.6f}" for v in row["x"]), f"{row['p_exist']:.6f}")
"""


def test_the_interpreter_decides_as_the_compiled_kernels_do() -> None:
    def run(how: str) -> list[list[str]]:
        done = subprocess.run(
            [sys.executable, "-c", SCENE, how], capture_output=True, text=True, check=True
        )
        return [line.split() for line in done.stdout.splitlines()]

    plain, compiled = run("plain"), run("compiled")
    assert len(plain) == len(compiled) >= 4
    for one, other in zip(plain, compiled, strict=True):
        assert one[:6] == other[:6]
        np.testing.assert_allclose(
            [float(v) for v in one[6:]], [float(v) for v in other[6:]], atol=1e-5
        )


def test_nothing_compiles_once_the_kernels_are_ready() -> None:
    ready = kernels.in_use()
    for name, kernel in zip(ready._fields, ready, strict=True):
        assert len(kernel.signatures) == 1, name
        with pytest.raises(TypeError):
            kernel("no such argument")
    tracker = Tracker(world(radar(), rf("rf1", at(500.0, 0.0)), RID))
    observe(tracker, "radar", look([(P, V)], T0))
    observe(tracker, "rf1", look([(P, V)], T0, stand=(500.0, 0.0, 0.0), bearing_only=True))
    observe(tracker, "rid", stated(P, V, T0))
    sight(tracker, report("r1", T0, azimuth=40.0))
    sight(tracker, report("r1", T0 + S, withdrawn=True))
    tracker.advance(T0 + 90 * S)
    tracker.published(T0 + 90 * S)
    Tracker.restore(world(radar()), tracker.snapshot())
    for name, kernel in zip(ready._fields, ready, strict=True):
        assert len(kernel.signatures) == 1, name


def test_a_scan_whole_or_in_pieces_of_one_row_gives_the_same_places() -> None:
    group: list[tuple[Vec, Vec]] = [
        ((500.0 + 200.0 * i, 800.0, 60.0), (3.0, -9.0, 0.0)) for i in range(4)
    ]
    whole, pieces = Tracker(world(radar())), Tracker(world(radar()))
    for k in range(6):
        spots = [(along(p, v, k), v) for p, v in group]
        observe(whole, "radar", look(spots, T0 + k * S))
        for spot in spots:
            observe(pieces, "radar", look([spot], T0 + k * S))
    a, b = whole.states(T0 + 6 * S), pieces.states(T0 + 6 * S)
    assert len(a) == len(b) == 4
    order = np.argsort(a["x"][:, 0]), np.argsort(b["x"][:, 0])
    np.testing.assert_allclose(a["x"][order[0]], b["x"][order[1]], atol=1e-6)


def test_a_late_plot_gives_what_it_would_have_given_in_time() -> None:
    def flown(order: list[int]) -> Any:
        tracker = Tracker(world(radar()))
        rng = np.random.default_rng(5)
        scans = [look([(along(P, V, k), V)], T0 + k * S, rng=rng) for k in range(8)]
        for k in order:
            observe(tracker, "radar", scans[k], recv_ns=T0 + 9 * S)
        return tracker.states(T0 + 9 * S)[0]

    there, late = flown([0, 1, 2, 3, 4, 5, 6, 7]), flown([0, 1, 2, 4, 5, 3, 7, 6])
    np.testing.assert_allclose(there["x"], late["x"], atol=1e-6)
    np.testing.assert_allclose(there["cov"], late["cov"], atol=1e-6)


def test_two_tracks_of_one_drone_become_one() -> None:
    tracker = Tracker(world(radar(), radar("other", place=at(10.0, 0.0))))
    rng = np.random.default_rng(7)
    # two drones that nobody can tell apart fly on as one plot
    a, b = (600.0, 900.0, 60.0), (660.0, 900.0, 60.0)
    for k in range(6):
        observe(tracker, "radar", look([(a, V), (b, V)], T0 + k * S, rng=rng))
    assert len(tracker.states(T0 + 6 * S)) >= 2
    middle = (630.0, 900.0, 60.0)
    for k in range(6, 24):
        observe(tracker, "radar", look([(middle, (0.0, 0.0, 0.0)), (P, V)], T0 + k * S, rng=rng))
        tracker.advance(T0 + k * S)
    rows = tracker.states(T0 + 24 * S)
    near = [r for r in rows if math.dist(r["x"][:2], middle[:2]) < 60.0]
    assert len(near) == 1


def test_a_presence_only_sensor_gives_a_weak_possible_track_without_a_direction() -> None:
    ear = SensorSite(sensor_id="rssi", kind="rf", position=at(0.0, 0.0), range_max_m=1_000.0)
    tracker = Tracker(world(ear))
    scan = pack(Layout.POLAR_1, {"t_obs_ns": T0, "rssi_dbm": -70.0})
    assert observe(tracker, "rssi", scan) == []
    (row,) = tracker.states(T0 + S)
    assert row["status"] == TrackStatus.POSSIBLE
    assert row["fix"] == Fix.SECTOR
    assert row["flags"] & TrackFlag.WEAK
    assert math.isnan(row["azimuth_deg_true"])
    assert row["p_exist"] < 0.5


def test_presence_supports_a_track_that_is_there_and_moves_nothing() -> None:
    ear = SensorSite(sensor_id="rssi", kind="rf", position=at(0.0, 0.0), range_max_m=2_000.0)
    tracker = Tracker(world(radar(), ear))
    for k in range(5):
        observe(tracker, "radar", look([(along(P, V, k), V)], T0 + k * S))
    before = tracker.states(T0 + 5 * S)
    observe(tracker, "rssi", pack(Layout.POLAR_1, {"t_obs_ns": T0 + 4 * S, "rssi_dbm": -70.0}))
    after = tracker.states(T0 + 5 * S)
    np.testing.assert_array_equal(before["x"], after["x"])
    assert after["witnesses"].tolist() == [2]


def test_two_of_them_is_kept_with_the_track() -> None:
    tracker = Tracker(world())
    sight(tracker, report("r1", T0, azimuth=40.0, count=2))
    assert tracker.states(T0 + S)["drones"].tolist() == [2]


def test_a_node_that_repeats_its_track_does_not_make_us_surer_than_it_is() -> None:
    def spread(kind: str) -> float:
        from vigia.scan import IdKind

        node = SensorSite(sensor_id="node", kind="sapient")
        tracker = Tracker(world(node))
        id_kind = IdKind.NODE if kind == "node" else IdKind.SERIAL
        for k in range(60):
            t = T0 + k * S // 4
            p = (500.0 + k % 2, 500.0, 60.0)  # the same place again would add nothing anyway
            scan = stated(p, (0.0, 0.0, 0.0), t, identity=b"7", kind=id_kind,
                          sigma_m=20.0 + 0.001 * k)  # fmt: skip
            observe(tracker, "node", scan)
        (row,) = tracker.states(T0 + 15 * S)
        return float(math.sqrt(row["cov"][0, 0]))

    assert spread("node") > 2.0 * spread("plots")
    assert spread("node") > 8.0


def test_a_stated_place_that_a_radar_never_sees_is_flagged_and_earns_nothing_more() -> None:
    tracker = Tracker(world(radar(), RID))
    for k in range(24):
        others = [((-600.0, 300.0, 60.0), V), ((-200.0, -700.0, 70.0), V)]
        observe(tracker, "radar", look([(along(p, v, k), v) for p, v in others], T0 + k * S))
        observe(tracker, "rid", stated(along((700.0, 700.0, 60.0), V, k), V, T0 + k * S))
        tracker.advance(T0 + k * S)
    (claim,) = [r for r in tracker.states(T0 + 24 * S) if r["serial"] == b"SER1"]
    assert claim["flags"] & TrackFlag.ID_CONFLICT


@pytest.mark.parametrize(("seen", "ends"), [(True, True), (False, False)])
def test_a_contradiction_ends_once_a_radar_and_the_name_have_agreed_for_a_minute(
    seen: bool, ends: bool
) -> None:
    tracker = Tracker(world(radar(), RID))
    p, v = (900.0, 900.0, 60.0), (-6.0, -6.0, 0.0)
    flagged: dict[int, bool] = {}
    for k in range(75):
        now = along(p, v, k) if k < 50 else along(along(p, v, 49), (6.0, 6.0, 0.0), k - 49)
        way = v if k < 50 else (6.0, 6.0, 0.0)
        if seen:
            observe(tracker, "radar", look([(now, way)], T0 + k * S))
        forged = k == 5
        observe(tracker, "rid", stated((-1_500.0, 600.0, 60.0) if forged else now, way, T0 + k * S))
        tracker.advance(T0 + k * S)
        (track,) = [r for r in tracker.states(T0 + k * S) if r["serial"] == b"SER1"]
        flagged[k] = bool(track["flags"] & TrackFlag.ID_CONFLICT)
    assert not flagged[4]
    assert all(flagged[k] for k in (5, 40, 60))
    assert flagged[74] is not ends


def test_a_bearing_sensor_learns_the_error_of_its_mast() -> None:
    tracker = Tracker(world(radar(), rf("rf1", at(500.0, 0.0))))
    rng = np.random.default_rng(11)
    for k in range(200):
        p = (600.0 * math.sin(k / 40.0), 600.0 + 200.0 * math.cos(k / 40.0), 60.0)
        v = (15.0 * math.cos(k / 40.0), -5.0 * math.sin(k / 40.0), 0.0)
        observe(tracker, "radar", look([(p, v)], T0 + k * S, rng=rng))
        turned = look([(p, v)], T0 + k * S, stand=(500.0, 0.0, 0.0), bearing_only=True, rng=rng,
                      sigma_deg=1.0).rows().copy()  # fmt: skip
        turned["azimuth_deg_true"] = (turned["azimuth_deg_true"] + 1.5) % 360.0
        observe(tracker, "rf1", type(look([(p, v)], T0))(Layout.POLAR_1, turned.tobytes()))
    (_, learnt) = tracker.habits()
    assert abs(learnt.azimuth_error_deg - 1.5) < 0.4
    assert learnt.azimuth_error_sigma_deg < 0.3
    found = tracker.learnt()
    assert found["rf1"].azimuth_error_deg == (
        learnt.azimuth_error_deg,
        learnt.azimuth_error_sigma_deg,
    )
    assert "radar" not in found


def test_a_receiver_whose_clock_is_late_is_found_out() -> None:
    tracker = Tracker(world(radar(), RID))
    rng = np.random.default_rng(12)
    v: Vec = (0.0, -18.0, 0.0)
    for k in range(60):
        p = along((200.0, 1_400.0, 60.0), v, k)
        observe(tracker, "radar", look([(p, v)], T0 + k * S, rng=rng))
        # stamped 0.4 s later than it was true
        scan = stated(p, v, T0 + k * S + 400_000_000)
        observe(tracker, "rid", scan, recv_ns=T0 + k * S + 600_000_000)
    learnt = tracker.habits()[1]
    assert 0.1 < learnt.clock_error_s < 0.8


def test_a_fast_high_track_is_believed_a_crewed_aircraft() -> None:
    tracker = Tracker(world(radar(range_max_m=6_000.0)))
    rng = np.random.default_rng(13)
    v: Vec = (70.0, 0.0, 0.0)
    for k in range(40):
        p = along((-1_400.0, 900.0, 500.0), v, k)
        observe(tracker, "radar", look([(p, v)], T0 + k * S, rng=rng))
    (row,) = tracker.states(T0 + 40 * S)
    assert CLASSES[row["cls"]] == "aircraft"
    assert row["p_drone"] < 0.3


def test_a_slow_drone_does_not_become_a_bird_by_flying_on() -> None:
    tracker = Tracker(world(radar()))
    rng = np.random.default_rng(14)
    early = 0.0
    for k in range(60):
        p = along((-300.0, 700.0, 60.0), (9.0, 0.0, 0.0), k)
        observe(tracker, "radar", look([(p, (9.0, 0.0, 0.0))], T0 + k * S, rng=rng))
        if k == 5:
            early = float(tracker.states(T0 + k * S)[0]["p_drone"])
    (row,) = tracker.states(T0 + 60 * S)
    assert row["p_drone"] >= early - 0.01


def test_our_own_drone_is_believed_by_its_registered_serial() -> None:
    site = world(RID)
    site = type(site)(**{f: getattr(site, f) for f in site.__struct_fields__} | {
        "own_serials": ("SER1",)
    })  # fmt: skip
    tracker = Tracker(site)
    for k in range(4):
        observe(tracker, "rid", stated(along(P, V, k), V, T0 + k * S))
    (row,) = tracker.states(T0 + 4 * S)
    assert CLASSES[row["cls"]] == "own"


def test_the_stated_uncertainty_is_the_real_one_while_it_turns() -> None:
    off2: list[float] = []
    for seed in range(20):
        tracker = Tracker(world(radar()))
        rng = np.random.default_rng(seed)
        for k in range(40):
            a = 0.15 * k
            p = (300.0 + 80.0 * math.cos(a), 600.0 + 80.0 * math.sin(a), 60.0)
            v = (-12.0 * math.sin(a), 12.0 * math.cos(a), 0.0)
            observe(tracker, "radar", look([(p, v)], T0 + k * S, rng=rng))
            if k > 10:
                (row,) = tracker.states(T0 + k * S)
                off = row["x"][:3] - np.array(p)
                off2.append(float(off @ np.linalg.inv(row["cov"][:3, :3]) @ off) / 3.0)
    assert 0.3 < np.mean(off2) < 1.6


def test_memory_of_a_track_is_below_two_kilobytes_besides_the_ring() -> None:
    cols = layout.empty_cols(100, 1)
    ring = {"serial", "ring_t", "ring_o", "ring_z", "ring_g"}
    fixed = {"known", "named", "begun", "own", "limits", "tally", "sf", "si"}
    by_slot = [
        getattr(cols, n).nbytes / 100 for n in cols._fields if n not in ring and n not in fixed
    ]
    assert sum(by_slot) < 2_000


def test_a_snapshot_of_other_columns_is_refused_with_its_reason() -> None:
    data = Tracker(world(radar())).snapshot()
    with pytest.raises(ValueError, match="columns"):
        Tracker.restore(world(radar()), data.replace(b"columns.5", b"columns.0"))
    with pytest.raises(ValueError, match="another version"):
        Tracker.restore(world(radar()), b"\x80")
