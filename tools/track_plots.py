"""A seeded raid through the tracker -> two pictures of docs/track.md in docs/images/.

    uv run --group bench python -m tools.track_plots [--seed 2001] [--at 90]

track-raid.png: one moment from above. track-calibration.png: how far off the tracker was, beside
how far off it said it was. The same seed gives the same pictures but for the drawing library.
"""

from __future__ import annotations

import argparse
import importlib
import io
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from bench.tracking.scenes import RECIPES, generate, write
from numpy.typing import NDArray

from vigia.events import Sighting
from vigia.run.track_emit import EMIT_NS, claimed
from vigia.run.track_scene import read_scenario
from vigia.run.warm import warm
from vigia.terms import Mark, TrackStatus
from vigia.tracktable import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.tracking.scenes import Scene
    from bench.tracking.sky import Sensor

Floats = NDArray[np.float64]
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
SCENE = "raid30"
ADVANCE_NS = 100_000_000  # as in vigia.run.track_files
DPI = 110
COLOURS = 256  # of a picture
TAIL_S, PLOTS_S, BEARINGS_S = 20.0, 4.0, 2.0  # how far back paths, plots and bearings go
AHEAD_S = 4.0  # a track's velocity is drawn this long
HALF_M, NEAR_M = 1550.0, 320.0  # half of the view, and of its enlarged middle
SIGMAS = 2.0
FOUND_M = 50.0  # a track that was farther from every flight most of its life is false
LONG_S = 100  # of states at whole seconds
CHI2_95 = 7.815  # 3 degrees of freedom
CHI2_MAX = 15.0
# Okabe and Ito's palette: distinct to every kind of eye
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9"
INK, DIM = "#222222", "#8a8a8a"
# kind of sensor -> marker and word
SENSORS = {
    "radar": ("s", "radar"),
    "eo": ("D", "camera"),
    "rf": ("^", "direction finder"),
    "acoustic": ("v", "microphones"),
    "human": ("o", "person"),
    "rid": ("P", "Remote ID receiver"),
}


class Told(NamedTuple):
    """What the tracker said at one moment; rows of tracktable.STATE_DTYPE."""

    t_s: float
    states: NDArray[np.void]


class Errors(NamedTuple):
    """Of tracks that claimed a position, at whole seconds. (n,) each, but off (n, 3) [m]."""

    t_s: Floats
    track: NDArray[np.str_]
    flight: NDArray[np.int64]
    off: Floats
    sigma_m: Floats
    nees: Floats


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--seed", type=int, default=2001)
    options.add_argument("--at", type=float, default=90.0, help="moment of the raid [s]")
    asked = options.parse_args()
    warm()
    scene = generate(RECIPES[SCENE], seed=asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        write(scene, Path(folder))
        told = list(play(Path(folder)))
    moment = min(told, key=lambda one: abs(one.t_s - asked.at))
    _save(_raid(scene, moment), IMAGES / "track-raid.png")
    _save(_calibration(scene, errors(scene, told)), IMAGES / "track-calibration.png")
    return 0


def play(folder: Path) -> Iterator[Told]:
    """The states every EMIT_NS, of what had arrived by then, as `vigia track` asks for them."""
    # why here: where compiled code lies must be said before anything imports Numba (warm)
    from vigia.track.tracker import Tracker

    scene = read_scenario(folder / "detections.parquet")
    tracker = Tracker(scene.settings)
    due_ns = advanced_ns = -(-scene.events[0][0] // EMIT_NS) * EMIT_NS
    for t_ns, body, place in scene.events:
        while due_ns < t_ns:
            tracker.advance(due_ns)
            yield Told((due_ns - scene.t0_ns) / 1e9, tracker.states(due_ns))
            advanced_ns = due_ns
            due_ns += EMIT_NS
        if t_ns - advanced_ns >= ADVANCE_NS:
            tracker.advance(t_ns)
            advanced_ns = t_ns
        if isinstance(body, Sighting):
            tracker.sight(body, t_recv_ns=t_ns, mark=Mark.EXERCISE, position=place)
        else:
            tracker.observe(body, t_recv_ns=t_ns, mark=Mark.EXERCISE)


# ---- how far off -----------------------------------------------------------------------------


def errors(scene: Scene, told: list[Told]) -> Errors:
    """Each track against the flight it was nearest to most of its life; false ones left out."""
    whole = [one for one in told if abs(one.t_s - round(one.t_s)) < 1e-6]
    flights = {one.t_s: _flying(scene, one.t_s) for one in whole}
    of = _owners(whole, flights)
    rows: list[tuple[float, str, int]] = []
    off: list[Floats] = []
    cov: list[Floats] = []
    for one in whole:
        ids, at = flights[one.t_s]
        for row in one.states[claimed(one.states)]:
            track = row["track_id"].decode()
            here = np.flatnonzero(ids == of.get(track, -1))
            if len(here):
                rows.append((one.t_s, track, of[track]))
                off.append(row["x"][:3] - at[here[0]])
                cov.append(row["cov"][:3, :3])
    d, p = np.array(off), np.array(cov)
    return Errors(
        np.array([r[0] for r in rows]),
        np.array([r[1] for r in rows]),
        np.array([r[2] for r in rows]),
        d,
        np.sqrt(np.trace(p, axis1=1, axis2=2)),
        np.einsum("ni,ni->n", d, np.linalg.solve(p, d[:, :, None])[:, :, 0]),
    )


def _owners(
    whole: list[Told], flights: dict[float, tuple[NDArray[np.int64], Floats]]
) -> dict[str, int]:
    """Track -> flight."""
    nearest: dict[str, list[tuple[int, float]]] = {}
    for one in whole:
        ids, at = flights[one.t_s]
        if len(ids) == 0:
            continue
        for row in one.states[claimed(one.states)]:
            far = np.linalg.norm(at - row["x"][:3], axis=1)
            k = int(far.argmin())
            nearest.setdefault(row["track_id"].decode(), []).append((int(ids[k]), float(far[k])))
    out: dict[str, int] = {}
    for track, found in nearest.items():
        if np.median([far for _, far in found]) <= FOUND_M:
            out[track] = Counter(flight for flight, _ in found).most_common(1)[0][0]
    return out


def _flying(scene: Scene, t_s: float) -> tuple[NDArray[np.int64], Floats]:
    """Numbers of the flights in the air, and where they are (n, 3)."""
    truth = scene.truth
    near = np.abs(truth["t"] - t_s) < 0.25
    ids: list[int] = []
    at: list[list[float]] = []
    for one in np.unique(truth["truth_id"][near]):
        mine = near & (truth["truth_id"] == one)
        t = truth["t"][mine]
        if t[0] <= t_s <= t[-1]:
            ids.append(int(one))
            at.append([float(np.interp(t_s, t, truth[axis][mine])) for axis in "xyz"])
    return np.array(ids, np.int64), np.array(at).reshape(-1, 3)


def _calibration(scene: Scene, found: Errors) -> Any:
    plt = _pyplot()
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.7), width_ratios=(1.35, 1.0))
    _over_time(left, scene, found)
    _against_chi2(right, found)
    fig.tight_layout(w_pad=2.0)
    return fig


def _over_time(ax: Any, scene: Scene, found: Errors) -> None:
    """Of the drones' tracks told for LONG_S the middle one by its median error."""
    kinds = dict(zip(scene.truth["truth_id"].tolist(), scene.truth["cls"].tolist(), strict=True))
    drones = np.array([kinds[k] == "drone" for k in found.flight.tolist()])
    names, counts = np.unique(found.track[drones], return_counts=True)
    far = np.linalg.norm(found.off, axis=1)
    long = sorted(names[counts >= LONG_S], key=lambda name: np.median(far[found.track == name]))
    mine = found.track == long[len(long) // 2]
    t, error = found.t_s[mine], far[mine]
    top = max(float(error.max()), float(found.sigma_m[mine].max()))
    ax.fill_between(t, 0, found.sigma_m[mine], color=SKY, alpha=0.35, lw=0, label="stated 1-sigma")
    ax.plot(t, found.sigma_m[mine], color=BLUE, lw=1.0)
    ax.plot(t, error, color=ORANGE, lw=1.4, label="position error")
    ax.set(xlabel="time [s]", ylabel="metres", ylim=(0, 1.3 * top), xlim=(t[0], t[-1]))
    ax.set_title("one drone: error and what the track said of it", fontsize=10, loc="left")
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    _plain(ax)


def _against_chi2(ax: Any, found: Errors) -> None:
    edges = np.arange(0.0, CHI2_MAX + 0.5, 0.5)
    share, _ = np.histogram(np.minimum(found.nees, CHI2_MAX - 1e-9), edges)
    ax.bar(edges[:-1], share / len(found.nees) / 0.5, 0.5, align="edge", color=SKY, ec="white",
           lw=0.5, label=f"{len(found.nees)} states of one raid")  # fmt: skip
    x = np.linspace(0.0, CHI2_MAX, 300)
    density = np.sqrt(x / (2.0 * math.pi)) * np.exp(-0.5 * x)
    ax.plot(x, density, color=ORANGE, lw=1.6, label="chi-square, 3 degrees of freedom")
    ax.vlines(CHI2_95, 0.0, 0.2, color=DIM, lw=1.0, ls="--")
    beyond = 100.0 * float((found.nees > CHI2_95).mean())
    said = f"beyond: {beyond:.0f} % (ideal 5 %)\nmedian: {np.median(found.nees):.1f} (ideal 2.4)"
    ax.annotate(said, (CHI2_95 + 0.2, 0.165), fontsize=8.5, color=INK)
    ax.set(xlabel="normalised error squared (last bar: 14.5 and more)", ylabel="density",
           xlim=(0, CHI2_MAX))  # fmt: skip
    ax.set_title("all tracks", fontsize=10, loc="left")
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    _plain(ax)


# ---- one moment from above -------------------------------------------------------------------


def _raid(scene: Scene, moment: Told) -> Any:
    plt = _pyplot()
    fig, (wide, near) = plt.subplots(1, 2, figsize=(12.4, 6.6))
    for ax, half_m in ((wide, HALF_M), (near, NEAR_M)):
        _bearings(ax, scene, moment.t_s)
        _plots(ax, scene, moment.t_s)
        _sectors(ax, scene, moment)
        _truth(ax, scene, moment.t_s)
        _tracks(ax, moment.states)
        _stands(ax, scene, half_m)
        ax.set(xlim=(-half_m, half_m), ylim=(-half_m, half_m), aspect="equal")
        ax.set(xlabel="east [m]", ylabel="north [m]")
        _plain(ax)
    box = plt.Rectangle((-NEAR_M, -NEAR_M), 2 * NEAR_M, 2 * NEAR_M, fill=False, ec=INK, lw=0.9)
    wide.add_patch(box)
    wide.set_title(f"a raid, {moment.t_s:.0f} s after it began", fontsize=11, loc="left")
    near.set_title("its middle (the square on the left)", fontsize=11, loc="left")
    handles = dict(zip(*reversed(wide.get_legend_handles_labels()), strict=True))
    fig.tight_layout(rect=(0, 0.085, 1, 1), w_pad=2.0)
    fig.legend(handles.values(), handles.keys(), loc="lower center", ncols=6, frameon=False,
               fontsize=9, handlelength=1.6, columnspacing=1.6)  # fmt: skip
    return fig


def _truth(ax: Any, scene: Scene, t_s: float) -> None:
    truth = scene.truth
    tail = (truth["t"] <= t_s + 1e-6) & (truth["t"] > t_s - TAIL_S)
    ids, at = _flying(scene, t_s)
    for one in ids:
        mine = tail & (truth["truth_id"] == one)
        ax.plot(truth["x"][mine], truth["y"][mine], color=INK, lw=0.9, alpha=0.75, zorder=3)
    ax.scatter(at[:, 0], at[:, 1], s=9, color=INK, lw=0, zorder=4)
    word = f"true place, path of {TAIL_S:.0f} s"
    ax.plot([], [], color=INK, lw=0.9, marker="o", ms=3, label=word)


def _tracks(ax: Any, states: NDArray[np.void]) -> None:
    """Positions claimed, with ellipses; what is shown but claims none is drawn dashed."""
    patches: Any = importlib.import_module("matplotlib.patches")
    told = claimed(states)
    confirmed = states["status"] == int(TrackStatus.CONFIRMED)
    placed = states["fix"] == int(Fix.POSITION)
    sure = placed & told & confirmed
    for chosen, colour, alpha, style, word in (
        (sure, BLUE, 0.18, "-", f"confirmed track, 2-sigma, {AHEAD_S:.0f} s ahead"),
        (placed & ~sure, GREEN, 0.09, "--", "track not confirmed, or unsure"),
    ):
        for row in states[chosen]:
            width, height, angle = _ellipse(row["cov"][:2, :2])
            at = row["x"][0], row["x"][1]
            ax.add_patch(patches.Ellipse(at, width, height, angle=angle, fc=colour, alpha=alpha,
                                         lw=0, zorder=5))  # fmt: skip
            ax.add_patch(patches.Ellipse(at, width, height, angle=angle, fill=False, ec=colour,
                                         lw=1.2, ls=style, zorder=6))  # fmt: skip
            ahead = row["x"][:2] + AHEAD_S * row["x"][3:5]
            ax.plot(*zip(at, ahead, strict=True), color=colour, lw=1.2, ls=style, zorder=6)
        ax.plot([], [], marker="o", mfc="none", mec=colour, color=colour, lw=1.2, ls=style, ms=8,
                label=word)  # fmt: skip


def _ellipse(cov: Floats) -> tuple[float, float, float]:
    """Full axes [m] of SIGMAS and the angle of the first [deg from east]."""
    values, vectors = np.linalg.eigh(cov)
    a, b = 2.0 * SIGMAS * np.sqrt(np.maximum(values, 0.0))
    return float(b), float(a), math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))


def _sectors(ax: Any, scene: Scene, moment: Told) -> None:
    patches: Any = importlib.import_module("matplotlib.patches")
    stands = {s.sensor_id: s for s in scene.sensors}
    for row in moment.states[moment.states["fix"] == int(Fix.SECTOR)]:
        sensor = _seer(scene, row, moment.t_s, stands)
        if sensor is None:
            continue
        middle = 90.0 - float(row["azimuth_deg_true"])
        half = SIGMAS * float(row["azimuth_sigma_deg"])
        at = sensor.x_m, sensor.y_m
        for fill, alpha, edge in ((True, 0.22, "none"), (False, 0.9, PURPLE)):
            ax.add_patch(patches.Wedge(at, sensor.range_max_m, middle - half, middle + half,
                                       fill=fill, fc=PURPLE, ec=edge, alpha=alpha, lw=0.8,
                                       zorder=2))  # fmt: skip
    ax.add_patch(patches.Wedge((0, 0), 0, 0, 1, fc=PURPLE, ec=PURPLE, alpha=0.4,
                               label="sector: only a direction, 2-sigma"))  # fmt: skip


def _seer(scene: Scene, row: np.void, t_s: float, stands: dict[str, Sensor]) -> Sensor | None:
    """Whose bearing a sector shows: the row of that time and azimuth (states hide the stand)."""
    d = scene.detections
    last_s = t_s - (int(row["t_ns"]) - int(row["t_last_ns"])) / 1e9
    known = (d["t_arr"] <= t_s) & (d["t"] > last_s - TAIL_S) & np.isfinite(d["az"])
    rows = np.flatnonzero(known & (d["kind"] != "radar"))
    if len(rows) == 0 or math.isnan(float(row["azimuth_deg_true"])):
        return None
    turn = (d["az"][rows] - float(row["azimuth_deg_true"]) + 180.0) % 360.0 - 180.0
    away_s = np.abs(d["t"][rows] - last_s)
    wider = np.abs(d["s_az"][rows] - float(row["azimuth_sigma_deg"]))
    best = rows[(np.abs(turn) + 10.0 * away_s + 10.0 * wider).argmin()]
    return stands[str(d["sensor_id"][best])]


def _plots(ax: Any, scene: Scene, t_s: float) -> None:
    d = scene.detections
    now = (d["kind"] == "radar") & (d["t_arr"] <= t_s) & (d["t"] > t_s - PLOTS_S)
    stand = {s.sensor_id: (s.x_m, s.y_m) for s in scene.sensors}
    at = np.array([stand[str(s)] for s in d["sensor_id"][now]]).reshape(-1, 2)
    flat = d["rng"][now] * np.cos(np.radians(d["el"][now]))
    az = np.radians(d["az"][now])
    ax.scatter(at[:, 0] + flat * np.sin(az), at[:, 1] + flat * np.cos(az), s=7, marker="x",
               color=DIM, lw=0.6, alpha=0.8, zorder=2,
               label=f"radar plots of {PLOTS_S:.0f} s")  # fmt: skip


def _bearings(ax: Any, scene: Scene, t_s: float) -> None:
    d = scene.detections
    now = np.isfinite(d["az"]) & ~np.isfinite(d["rng"])
    now &= (d["t_arr"] <= t_s) & (d["t"] > t_s - BEARINGS_S)
    stand = {s.sensor_id: s for s in scene.sensors}
    for name, az_deg in zip(d["sensor_id"][now], d["az"][now], strict=True):
        s, az = stand[str(name)], math.radians(float(az_deg))
        far = min(s.range_max_m, 2.0 * HALF_M)
        ax.plot((s.x_m, s.x_m + far * math.sin(az)), (s.y_m, s.y_m + far * math.cos(az)),
                color=ORANGE, lw=0.6, alpha=0.3, zorder=1)  # fmt: skip
    ax.plot([], [], color=ORANGE, lw=0.8, alpha=0.6, label=f"bearings of {BEARINGS_S:.0f} s")


def _stands(ax: Any, scene: Scene, half_m: float) -> None:
    for kind, (marker, word) in SENSORS.items():
        at = [(s.x_m, s.y_m) for s in scene.sensors if s.kind == kind]
        at = [a for a in at if max(abs(a[0]), abs(a[1])) < half_m or half_m == HALF_M]
        if at:
            ax.scatter(*zip(*at, strict=True), s=34, marker=marker, fc="white", ec=INK, lw=1.0,
                       zorder=7, label=word)  # fmt: skip


# ---- drawing ---------------------------------------------------------------------------------


def _pyplot() -> Any:
    # why like this: it belongs to the bench group, and its types are only partly known
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    return importlib.import_module("matplotlib.pyplot")


def _plain(ax: Any) -> None:
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9)


def _save(fig: Any, path: Path) -> None:
    """With a palette that keeps the file small and every hue."""
    image: Any = importlib.import_module("PIL.Image")  # why like this: comes with matplotlib
    raw = io.BytesIO()
    fig.savefig(raw, dpi=DPI, facecolor="white")
    drawn: Any = image.open(raw).convert("RGB")
    small: Any = drawn.quantize(COLOURS, method=image.Quantize.MAXCOVERAGE, dither=0)
    small.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
