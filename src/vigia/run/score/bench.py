"""`vigia score`: scenes and seeds -> the table, the goals, the failures, the plot."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from vigia.run.score.baseline import RADII_M, RADIUS_M
from vigia.run.score.days import DaysRow, segment, segments, sum_days
from vigia.run.score.forced import forced_lines
from vigia.run.score.frozen import Digests, digests
from vigia.run.score.play import Result, score_run
from vigia.run.score.plot import page
from vigia.run.score.scene import FIRST_SEED, ORDINARY, Set, load_scene, scene_names
from vigia.run.score.stage import make_stage
from vigia.run.score.sums import Row, against, goals, sum_up
from vigia.run.score.table import (
    days_lines,
    failure_lines,
    false_lines,
    goal_lines,
    markdown,
    physics_lines,
    story_lines,
    terminal,
)
from vigia.run.score.truth import truth_file, truth_of
from vigia.run.settings import SettingsError

JOBS_MAX = 64
PROGRESS_LINES = 20
ALL = "all scenes"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. seed: only this one. days: harmless ones; 0 leaves them out."""

    set_name: Set
    seeds: int
    scenes: tuple[str, ...] = ()
    seed: int | None = None
    days: int = 0
    jobs: int = 2
    plot: Path | None = None
    json: Path | None = None
    write: Path | None = None
    table: Path | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything, as --json writes it."""

    set_name: str
    digests: dict[str, str]
    rows: list[Row]
    peer_rows: list[Row]
    days: DaysRow | None
    results: list[Result]
    day_results: list[Result]


def main(wanted: Wanted) -> int:
    """Exit code 0 when it ran; goals are told, not enforced."""
    names = wanted.scenes or tuple(scene_names())
    tasks = list(_tasks(wanted, [n for n in names if n != ORDINARY]))
    if wanted.write is not None:
        return _write(wanted.write, tasks)
    if wanted.seed is not None:
        for result in _run(tasks, jobs=1):
            print("\n".join(story_lines(result)))
        return 0
    day_tasks = list(_day_tasks(wanted, names))
    if not (tasks or day_tasks):
        raise SettingsError("score: nothing to run; give --seeds or --days above 0")
    _check_outputs(wanted)
    frozen = digests()  # before anything runs
    print("\n".join(_head(wanted, frozen, tasks, day_tasks)), flush=True)
    t = time.monotonic()
    results = _run([*tasks, *day_tasks], jobs=wanted.jobs)
    took_s = time.monotonic() - t
    report = _report(wanted, frozen, results)
    _print(report, took_s)
    _keep(wanted, report)
    return 0


def task(work: tuple[str, int]) -> Result:
    """One run, in any process."""
    name, seed = work
    scene = load_scene(name)
    return score_run(segment(scene, seed) if name == ORDINARY else scene, seed)


# ---- running -------------------------------------------------------------------------------------


def _tasks(wanted: Wanted, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    first = FIRST_SEED[wanted.set_name]
    if wanted.seed is not None:
        if not wanted.scenes:
            raise SettingsError("--seed: needs --scene, once or more")
        seeds: Sequence[int] = [wanted.seed]
        names = wanted.scenes
    else:
        seeds = range(first, first + wanted.seeds)
    for name in names:
        load_scene(name)  # an unknown one is said before anything runs
        for seed in seeds:
            yield name, seed


def _day_tasks(wanted: Wanted, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    if wanted.scenes and ORDINARY not in names:
        return
    first = FIRST_SEED[wanted.set_name]
    for day in range(first, first + wanted.days):
        for _, seed in segments(load_scene(ORDINARY), day):
            yield ORDINARY, seed


def _run(tasks: Sequence[tuple[str, int]], *, jobs: int) -> list[Result]:
    found: list[Result] = []
    t = time.monotonic()
    if jobs <= 1:
        for one in tasks:
            found.append(task(one))
            _progress(len(found), len(tasks), t)
        return found
    with ProcessPoolExecutor(max_workers=min(jobs, JOBS_MAX)) as pool:
        for result in pool.map(task, tasks, chunksize=2):
            found.append(result)
            _progress(len(found), len(tasks), t)
    return found


def _progress(done: int, of: int, since_s: float) -> None:
    """One line that rewrites itself; where that goes to a file, a line for each twentieth."""
    left_s = (time.monotonic() - since_s) / done * (of - done)
    says = f"{done}/{of} runs, {left_s:.0f} s left"
    if sys.stderr.isatty():
        print(f"\r{says:40}", end="\n" if done == of else "", file=sys.stderr, flush=True)
    elif of >= PROGRESS_LINES and done % (of // PROGRESS_LINES) == 0:
        print(says, file=sys.stderr, flush=True)


# ---- telling -------------------------------------------------------------------------------------


def _head(
    wanted: Wanted,
    d: Digests,
    tasks: Sequence[tuple[str, int]],
    day_tasks: Sequence[tuple[str, int]],
) -> list[str]:
    seeds = sorted({seed for _, seed in tasks})
    lines = [
        f"set {wanted.set_name}: {len(tasks)} runs"
        + (f", seeds {seeds[0]} to {seeds[-1]}" if seeds else "")
        + (f", and {len(day_tasks)} parts of {wanted.days} harmless days" if day_tasks else ""),
        f"policy {d.policy} (threat, alert, default settings), tracker {d.tracker}, "
        f"scenes {d.scenes}",
    ]
    return lines


def _report(wanted: Wanted, frozen: Digests, results: Sequence[Result]) -> Report:
    scenes = [r for r in results if r.scene != ORDINARY]
    days = [r for r in results if r.scene == ORDINARY]
    rows: list[Row] = []
    for name in dict.fromkeys(r.scene for r in scenes):
        rows += _two_rows(load_scene(name).title, [r for r in scenes if r.scene == name])
    if scenes:
        rows += _two_rows(ALL, scenes)
    return Report(
        set_name=wanted.set_name,
        digests=frozen._asdict(),
        rows=rows,
        peer_rows=[
            sum_up(ALL, f"peer {r:.0f} m", [x.peers[f"{r:.0f}"] for x in scenes]) for r in RADII_M
        ]
        if scenes
        else [],
        days=sum_days(load_scene(ORDINARY), days) if days else None,
        results=scenes,
        day_results=days,
    )


def _two_rows(title: str, results: Sequence[Result]) -> list[Row]:
    peer = f"{RADIUS_M:.0f}"
    return [
        sum_up(title, "vigia", [r.vigia for r in results]),
        sum_up(title, f"peer {peer} m", [r.peers[peer] for r in results]),
    ]


def _print(report: Report, took_s: float) -> None:
    cpu = sum(r.cpu_s for r in (*report.results, *report.day_results))
    ours, peer = report.rows[-2:] if report.rows else (None, None)
    if ours is not None and peer is not None:
        print("\n" + terminal(report.rows))
        print("\npeers: alert everyone within R of any confirmed track")
        print(terminal(report.peer_rows))
        forbids = {s.title: s.forbids for s in map(load_scene, scene_names())}
        print("\nwhere physics and the sensors forbid it")
        print("\n".join(physics_lines(report.rows, forbids)))
        print("\nfalse DANGERs")
        print("\n".join(false_lines([r for r in report.rows if r.who == "vigia"])))
        print("\nagainst the peer, all scenes")
        print("  " + ", ".join(f"{name} {how}" for name, how in against(ours, peer)))
    if report.days is not None:
        print("\n" + "\n".join(days_lines(report.days)))
    if ours is not None:
        per_person = None if report.days is None else report.days.top_per_person
        print("\ngoals")
        print("\n".join(goal_lines(goals(ours, report.rows[:-2:2], per_person))))
        print(
            f"  beside them: DANGER stood {ours.danger_lead_p50_s:.0f} s before arrival (p50), "
            f"{100 * ours.danger_of_oracle:.0f} % of the oracle's; fell below WARNING in the last "
            f"minute: {ours.lowered}"
        )
        bound = forced_lines(
            [s for r in report.results for s in r.straights],
            [s for r in report.day_results for s in r.straights] if report.days else None,
            n_days=report.days.days if report.days else 0,
            people=report.days.people if report.days else 0,
        )
        print("\nwhat motion alone forces on any policy, where each drone is seen perfectly")
        print("\n".join(bound))
        print("\nfailures")
        print("\n".join(failure_lines(report.results)))
    n = len(report.results) + len(report.day_results)
    slowest = max((*report.results, *report.day_results), key=lambda r: r.cpu_s)
    print(
        f"\n{n} runs: {cpu:.0f} s CPU, {cpu / max(1, n):.2f} s a run, at most "
        f"{slowest.cpu_s:.1f} s ({slowest.scene} {slowest.seed}); took {took_s:.0f} s"
    )


def _check_outputs(wanted: Wanted) -> None:
    """Before half an hour of work, not after it."""
    for path in (wanted.plot, wanted.json, wanted.table):
        if path is not None and not path.parent.is_dir():
            raise SettingsError(f"score: {path}: its folder does not exist; make it first")


def _keep(wanted: Wanted, report: Report) -> None:
    if wanted.plot is not None:
        wanted.plot.write_text(page(report.rows, report.days, report.set_name, report.digests))
        print(f"plot: {wanted.plot}")
    if wanted.json is not None:
        wanted.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
        print(f"json: {wanted.json}")
    if wanted.table is not None:
        wanted.table.write_text(markdown(report.rows) + "\n")
        print(f"table: {wanted.table}")


def _write(folder: Path, tasks: Sequence[tuple[str, int]]) -> int:
    """The truth of every scene and seed as files; nothing of the policy runs."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in tasks:
            scene = load_scene(name)
            world = make_stage(scene, seed)
            truth = truth_of(world, scene=name, seed=seed)
            (folder / f"{name}-{seed}.json").write_bytes(truth_file(scene, world, truth))
    except OSError as e:
        raise SettingsError(f"--write: {e}") from e
    print(f"{len(tasks)} truth files in {folder}")
    return 0
