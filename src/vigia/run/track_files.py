"""`vigia track FILE --out FILE`: recorded detections through the tracker -> a file of tracks.

The tracker hears everything in the order it arrived and is asked at fixed moments of the input's
clock, so a row of the output depends on nothing that arrived after its t_emit.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from vigia.events import Sighting
from vigia.run.progress import Progress
from vigia.run.say import say
from vigia.run.settings import SettingsError
from vigia.run.track_courageous import read_log
from vigia.run.track_emit import EMIT_NS, Emitted, emit
from vigia.run.track_out import open_out
from vigia.run.track_scene import Scene, read_scenario
from vigia.terms import Mark
from vigia.track.tracker import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vigia.run.track_events import Input

ADVANCE_NS = 100_000_000  # of the input's clock, between two looks at what has ended
SILENCE_NS = 120_000_000_000  # a gap longer than this is stepped over once no track is left
FAULTS_SHOWN_MAX = 20
SENSORS_SHOWN_MAX = 20
AZIMUTH_SHOWN_DEG = 0.5  # an error smaller than this is not worth a line
CLOCK_SHOWN_S = 0.1


def run_track(path: Path, out: Path) -> int:
    """Exit code 0. Raises SettingsError for what the operator can mend."""
    if out.resolve() == path.resolve():
        raise SettingsError(f"--out {out}: is the input; name another file")
    begun = time.perf_counter()
    scene = read_scene(path)
    read_s = time.perf_counter() - begun
    file = open_out(out, scene.site, scene.t0_ns)
    tracker = Tracker(scene.settings)
    tracks: set[str] = set()
    faults: Counter[str] = Counter(scene.left_out)
    progress = Progress(len(scene.events))
    begun = time.perf_counter()
    try:
        for done, emitted in emissions(scene, faults, tracker):
            file.add(emitted)
            tracks.update(emitted.track_id)
            progress.show(done)
        file.close()
    except OSError as e:
        raise SettingsError(
            f"--out {out}: cannot be written ({e.strerror}); free some space"
        ) from e
    finally:
        progress.close()
    spent_s = time.perf_counter() - begun
    for what, n in faults.most_common(FAULTS_SHOWN_MAX):
        say(f"left out {n}: {what}")
    for line in _learnt(tracker):
        say(line)
    say(
        f"{scene.rows} rows, {len(tracks)} tracks, {spent_s:.2f} s, "
        f"{scene.rows / max(spent_s, 1e-9):.0f} rows/s (read in {read_s:.2f} s): {out}"
    )
    return 0


def read_scene(path: Path) -> Scene:
    """Parquet or CSV with sensors.csv and scenario.json beside it, or a COURAGEOUS log.

    Raises SettingsError: what, got, expected, what to do.
    """
    if not path.is_file():
        raise SettingsError(
            f"{path}: got no file, need detections (.parquet, .csv) or a COURAGEOUS log (.json), "
            "see docs/track-files.md"
        )
    return read_log(path) if path.suffix.lower() == ".json" else read_scenario(path)


def _learnt(tracker: Tracker) -> Iterator[str]:
    """A line for each sensor error that is more than chance."""
    for sensor_id, found in list(tracker.learnt().items())[:SENSORS_SHOWN_MAX]:
        if found.azimuth_error_deg and surely(found.azimuth_error_deg, AZIMUTH_SHOWN_DEG):
            off, sigma = found.azimuth_error_deg
            yield f"{sensor_id}: azimuths {off:+.1f}° off (± {sigma:.1f}°), taken out"
        if found.clock_error_s and surely(found.clock_error_s, CLOCK_SHOWN_S):
            off, sigma = found.clock_error_s
            yield f"{sensor_id}: times {off:+.2f} s off (± {sigma:.2f} s), not taken out"


def surely(error: tuple[float, float], least: float) -> bool:
    """error: value and 1-sigma. More than chance, and enough to be worth telling?"""
    return abs(error[0]) >= max(2.0 * error[1], least)


def emissions(
    scene: Scene, faults: Counter[str], tracker: Tracker | None = None
) -> Iterator[tuple[int, Emitted]]:
    """(how many events were heard, what was known then). faults: counts what was refused.
    tracker: a fresh one, for who wants to ask it afterwards."""
    tracker = tracker or Tracker(scene.settings)
    first_ns = scene.events[0][0]
    due_ns = _next_due(first_ns)
    advanced_ns = first_ns
    emitted: Emitted | None = None
    for done, event in enumerate(scene.events):
        t_ns = event[0]
        while due_ns < t_ns:
            tracker.advance(due_ns)
            advanced_ns = due_ns
            emitted = emit(tracker, due_ns, emitted)
            yield done, emitted
            if not emitted.track_id and t_ns - due_ns > SILENCE_NS:
                due_ns = _next_due(t_ns) - 2 * EMIT_NS
            due_ns += EMIT_NS
        if t_ns - advanced_ns >= ADVANCE_NS:
            tracker.advance(t_ns)
            advanced_ns = t_ns
        _feed(tracker, event, faults)
    t_ns = scene.events[-1][0]
    tracker.advance(t_ns)
    yield len(scene.events), emit(tracker, t_ns, emitted)


def _next_due(t_ns: int) -> int:
    """Moments are whole multiples of EMIT_NS, whenever the input begins."""
    return -(-t_ns // EMIT_NS) * EMIT_NS


def _feed(tracker: Tracker, event: Input, faults: Counter[str]) -> None:
    t_ns, body, place = event
    if isinstance(body, Sighting):
        tracker.sight(body, t_recv_ns=t_ns, mark=Mark.EXERCISE, position=place)
        return
    for fault in tracker.observe(body, t_recv_ns=t_ns, mark=Mark.EXERCISE):
        faults[f"{body.sensor_id}: {fault.what}"] += fault.count
