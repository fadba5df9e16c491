"""Scene and seed -> Result: one run through the real core, measured; peers on the same tracks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from vigia.run.score.arrivals import arrivals_of
from vigia.run.score.baseline import RADII_M, baseline_words
from vigia.run.score.forced import Straight, straights
from vigia.run.score.measure import RunScore, measure
from vigia.run.score.stage import make_stage
from vigia.run.score.truth import truth_of
from vigia.run.score.words import words_of
from vigia.run.simulate.driver import play
from vigia.run.simulate.oracle import Received
from vigia.run.simulate.world import seconds

if TYPE_CHECKING:
    from vigia.run.score.scene import Scene


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """peers: by radius [m] as text."""

    scene: str
    seed: int
    vigia: RunScore
    peers: dict[str, RunScore]
    straights: tuple[Straight, ...] = ()
    events: int
    cpu_s: float


def score_run(scene: Scene, seed: int) -> Result:
    t = time.process_time()
    world = make_stage(scene, seed)
    run = play(world)
    received = [
        Received(seconds(s.event.t_recv_ns), s.emission)
        for s in run.steps
        if s.emission is not None
    ]
    truth = truth_of(world, scene=scene.name, seed=seed)
    arrivals = arrivals_of(world, received, truth)
    return Result(
        scene=scene.name,
        seed=seed,
        vigia=measure(truth, arrivals, words_of(run)),
        peers={
            f"{r:.0f}": measure(truth, arrivals, baseline_words(run, radius_m=r)) for r in RADII_M
        },
        straights=straights(truth),
        events=len(run.steps),
        cpu_s=time.process_time() - t,
    )
