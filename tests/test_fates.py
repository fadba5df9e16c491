"""What reporters learn of their reports, and only they, and only what is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway_world import alert, run, world
from vigia.alert_terms import FriendlyEnd
from vigia.events import FriendlyEnded, MarkedFriendly, SightingPlaced, TrackJudged, TracksPublished
from vigia.run.fates import REPORTS_MAX, TRACKS_MAX, Fates
from vigia.terms import MsgType, TrackStatus
from vigia.tracktable import PUBLISHED_DTYPE, PUBLISHED_VERSION


def placed(report_id: str = "r1", track: str | None = "t1", person: str = "p1") -> SightingPlaced:
    return SightingPlaced(report_id=report_id, person_id=person, track_id=track, number=41)


def picture(status: TrackStatus = TrackStatus.POSSIBLE, track: str = "t1") -> TracksPublished:
    rows = np.zeros(1, PUBLISHED_DTYPE)
    rows["track_id"], rows["status"] = track, int(status)
    return TracksPublished(version=PUBLISHED_VERSION, data=rows.tobytes())


def test_a_report_that_helped_hears_of_the_confirmation_and_of_the_warned() -> None:
    fates = Fates()
    said = fates.placed(placed())
    assert (said.track_number, said.confirmed, said.warned) == (41, False, 0)
    assert fates.take(picture()) == []
    for person in ("a", "b", "b"):
        fates.alert(alert(person, track_ids=("t1", "t9")))
    fates.alert(alert("c", track_ids=("t1",), msg_type=MsgType.CANCEL))
    ((person, message),) = [(t.person_id, t.message) for t in fates.take(picture())]
    assert (person, message.warned, message.confirmed) == ("p1", 2, False)
    (told,) = fates.take(picture(TrackStatus.CONFIRMED))
    assert told.message.confirmed
    assert fates.take(picture(TrackStatus.CONFIRMED)) == [], "news is told once"
    (again,) = fates.of_person("p1")
    assert (again.warned, again.confirmed) == (2, True)
    assert fates.of_person("p2") == []


def test_a_named_persons_word_is_told_and_taken_back() -> None:
    fates = Fates()
    fates.placed(placed())
    judged = {"track_id": "t1", "by_person_id": "w", "reason": "kite"}
    verdicts: list[str | None] = []
    for act in (
        TrackJudged(**judged, is_drone=False),
        TrackJudged(**judged, is_drone=True),
        MarkedFriendly(**judged),
    ):
        fates.take(act)
        verdicts += [t.message.verdict for t in fates.take(picture())]
    assert verdicts == ["not_a_drone", None, "friendly"]


def test_a_report_that_moves_to_another_track_follows_it() -> None:
    fates = Fates()
    fates.placed(placed())
    fates.placed(placed(track="t2"))
    assert [m.track_id for m in fates.of_person("p1")] == ["t2"]
    assert fates.placed(placed("r9", track=None)).track_id is None


def test_it_stays_bounded() -> None:
    fates = Fates()
    for n in range(TRACKS_MAX + 50):
        fates.placed(placed(f"r{n}", f"t{n}"))
    assert len(fates.of_person("p1")) == TRACKS_MAX
    for n in range(REPORTS_MAX + 50):
        fates.placed(placed(f"x{n}", "t-last"))
    assert len([m for m in fates.of_person("p1") if m.track_id == "t-last"]) == REPORTS_MAX


def test_the_reporters_page_hears_it_now_and_when_it_comes_back(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            phone, other = await w.enrolled(), await w.enrolled(person_id="p2")
            async with phone.page() as page, other.page() as neighbour:
                await neighbour.hear("hello")
                w.watch.emit(placed())
                assert (await page.hear("placed"))["confirmed"] is False
                w.watch.emit(picture(TrackStatus.CONFIRMED))
                assert (await page.hear("placed"))["confirmed"] is True
                w.watch.emit(
                    TrackJudged(track_id="t1", by_person_id="w", is_drone=False, reason="kite")
                )
                w.watch.emit(picture(TrackStatus.CONFIRMED))
                assert (await page.hear("placed"))["verdict"] == "not_a_drone"
                with pytest.raises(TimeoutError):
                    await neighbour.hear("placed", 0.3)
            async with phone.page() as page:
                assert (await page.hear("placed"))["verdict"] == "not_a_drone"

    run(go)


def test_a_friendly_mark_that_ended_is_no_verdict_any_more() -> None:
    fates = Fates()
    fates.placed(placed())
    fates.take(MarkedFriendly(track_id="t1", by_person_id="w", reason="ours"))
    assert fates.of_person("p1")[0].verdict == "friendly"
    fates.take(FriendlyEnded(track_id="t1", by_person_id="w", why=next(iter(FriendlyEnd))))
    assert fates.of_person("p1")[0].verdict is None
