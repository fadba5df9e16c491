"""The last hours read again from the journal: what was told, and nothing that is forgotten."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from journal_world import (
    HOME,
    T0_NS,
    WAIT_S,
    S,
    alert,
    observation,
    opened,
    place,
    raid,
    record,
    settings,
    sighting,
    tracks,
)
from vigia.events import (
    AllClear,
    Event,
    Input,
    PersonAdded,
    PositionErased,
    Tick,
    TracksPublished,
)
from vigia.flow import Watch
from vigia.run.journal_reader import JournalReader
from vigia.run.past.ask import Ask, Asker, SpanAsk, TimelineAsk
from vigia.run.past.main import HEAD, Past, serve
from vigia.run.past.marks import Marks
from vigia.run.past.span import ROWS_MAX
from vigia.run.settings_access import Access, AgencyEntry
from vigia.run.sharing import Viewer
from vigia.terms import Mark, Role
from vigia.tracktable import PUBLISHED_VERSION

PEOPLE = (
    *(b for b in raid() if isinstance(b, PersonAdded)),
    PersonAdded(person_id="wo", name="Watch", agency_id="x", role=Role.WATCH_OFFICER),
)


def asker(*, access: Access | None = None, agency: str = "x") -> Asker:
    viewer = Viewer("wo", agency, Role.WATCH_OFFICER)
    return Asker(viewer, access or Access(), settings().settings, PEOPLE, ())


def span(folder: Path, from_s: float, until_s: float, **more: object) -> dict[str, object]:
    fields = {"step_ns": 0, "whole": True, "asker": asker()} | more
    ask = SpanAsk(from_ns=T0_NS + int(from_s * S), until_ns=T0_NS + int(until_s * S), **fields)  # type: ignore[arg-type]
    return told(folder, ask)


def told(folder: Path, ask: Ask) -> dict[str, object]:
    said = Past(folder).answer(ask)
    assert said.status == 200, said.body
    return msgspec.json.decode(said.body)


@pytest.fixture(scope="module")
def raided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Watch]:
    folder = tmp_path_factory.mktemp("raid")
    bodies: list[Input] = raid(90)
    bodies.insert(40, sighting("r1", "ana", T0_NS + 15 * S, place(e_m=40.0, n_m=10.0)))
    bodies.append(AllClear(by_person_id="ana", reason="gone"))
    return folder, record(folder, bodies)


def kinds(answer: dict[str, object]) -> list[str]:
    messages = answer["messages"]
    assert isinstance(messages, list)
    return [m["t"] for _, m in messages]


def test_a_span_tells_what_pages_were_told_in_the_same_order(raided: tuple[Path, Watch]) -> None:
    folder, _ = raided
    answer = span(folder, 0, 60)
    assert kinds(answer)[0] == "hello"
    assert {"picture", "alert", "sighting", "placed", "cover"} <= set(kinds(answer))
    times = [at for at, _ in answer["messages"]]  # type: ignore[attr-defined]
    assert times == sorted(times)
    reader = JournalReader(folder)
    recorded = reader.alerts(since_ns=T0_NS, until_ns=T0_NS + 60 * S)
    reader.close()
    shown = [m["alert"] for _, m in answer["messages"] if m["t"] == "alert"]  # type: ignore
    assert [(a["alert_id"], a["revision"]) for a in shown] == [
        (e.body.alert_id, e.body.revision)  # type: ignore[union-attr]
        for e in recorded
    ]
    assert shown[0]["person_name"] in ("Ana", "Ben", None)


def test_a_whole_span_begins_with_the_alerts_that_were_open(raided: tuple[Path, Watch]) -> None:
    folder, watch = raided
    late = span(folder, 44, 45)
    hello = late["messages"][0][1]  # type: ignore[index]
    assert hello["t"] == "hello"
    assert len(hello["alerts"]) >= 1
    assert {a["alert_id"] for a in hello["alerts"]} <= {
        m["alert"]["alert_id"]
        for _, m in span(folder, 0, 45)["messages"]  # type: ignore[attr-defined]
        if m["t"] == "alert"
    }
    assert "sighting" in kinds(late), "a report of half a minute ago still stands in the list"
    assert kinds(late).count("picture") > 3, "a minute of trail"
    assert watch.t_ns > T0_NS


def test_chunks_put_together_are_the_whole(raided: tuple[Path, Watch]) -> None:
    folder, _ = raided
    whole = span(folder, 0, 40)["messages"]
    first = span(folder, 0, 20)["messages"]
    second = span(folder, 20, 40, whole=False)["messages"]
    assert [first, second] != [[], []]
    assert whole == [*first, *second]  # type: ignore[misc]


def test_a_step_leaves_out_pictures_and_says_so(raided: tuple[Path, Watch]) -> None:
    folder, _ = raided
    fine, coarse = span(folder, 0, 40), span(folder, 0, 40, step_ns=10 * S)
    assert kinds(coarse).count("picture") <= 5 < kinds(fine).count("picture")
    assert kinds(coarse).count("alert") == kinds(fine).count("alert"), "no alert is left out"
    assert coarse["left_out"]["thinned"] > 0  # type: ignore[index]


def test_no_picture_of_the_past_says_where_people_stood(raided: tuple[Path, Watch]) -> None:
    folder, _ = raided
    for _, message in span(folder, 0, 60)["messages"]:  # type: ignore[attr-defined]
        if message["t"] == "picture":
            assert message["people"] == []


def test_what_was_forgotten_does_not_come_back(tmp_path: Path) -> None:
    bodies: list[Input] = [*raid(10)]
    bodies.append(sighting("r1", "ana", T0_NS + 6 * S, place(e_m=40.0, n_m=10.0)))
    watch = record(tmp_path, bodies)
    assert "sighting" in kinds(span(tmp_path, 0, 60))
    journal = opened(tmp_path)
    erased = PositionErased(person_id="ana", shift=None)
    event = Event(10_000, watch.t_ns + S, "test", Mark.EXERCISE, erased)
    journal.append(event, [])
    journal.forget("ana", None)
    journal.close(WAIT_S)
    answer = span(tmp_path, 0, 60)
    assert "sighting" not in kinds(answer)
    assert answer["left_out"]["forgotten"] > 0  # type: ignore[index]


def test_another_agencys_people_stay_unseen_in_the_past_too(raided: tuple[Path, Watch]) -> None:
    folder, _ = raided
    two = Access(agencies={"x": AgencyEntry(name="X"), "y": AgencyEntry(name="Y")})
    foreign = Asker(Viewer("wo", "y", Role.WATCH_OFFICER), two, settings().settings, PEOPLE, ())
    answer = span(folder, 0, 60, asker=foreign)
    text = msgspec.json.encode(answer["messages"]).decode()
    for secret in ("Ana", "Ben", "person/ana", "r1"):
        assert secret not in text.replace("Watch", "")
    shown = told(folder, TimelineAsk(foreign, T0_NS, T0_NS + 60 * S))
    assert shown["sightings"] == []


def test_the_timeline_tells_levels_reports_and_acts(raided: tuple[Path, Watch]) -> None:
    folder, watch = raided
    shown = told(folder, TimelineAsk(asker(), T0_NS, watch.t_ns))
    (episode, *_) = shown["alerts"]  # type: ignore[misc]
    assert episode["tier"] == max(step["tier"] for step in episode["steps"])
    assert episode["begin_ms"] >= T0_NS // 1_000_000
    assert [s["sense"] for s in shown["sightings"]] == ["seen"]  # type: ignore[attr-defined]
    assert [a["kind"] for a in shown["acts"]] == ["all_clear"]  # type: ignore[attr-defined]
    assert shown["known_from_ms"] == T0_NS // 1_000_000


def test_a_look_back_reads_what_came_and_what_is_older_once(tmp_path: Path) -> None:
    record(tmp_path, raid(20))
    marks = Marks()
    reader = JournalReader(tmp_path)
    marks.look(reader, T0_NS + 8 * S)
    some = marks.between(0, 1 << 62)
    marks.look(reader, T0_NS)
    every = marks.between(0, 1 << 62)
    assert every[-len(some) :] == some
    order = [(m.t_ns, m.seq, m.idx) for m in every]
    assert order == sorted(set(order))
    assert marks.whole
    reader.close()


def test_the_process_answers_frames_and_says_what_is_wrong(tmp_path: Path) -> None:
    ask = msgspec.msgpack.encode(TimelineAsk(asker(), T0_NS, T0_NS + S))
    sink = io.BytesIO()
    serve(Past(tmp_path), io.BytesIO(HEAD.pack(len(ask)) + ask), sink)
    said = msgspec.msgpack.decode(sink.getvalue()[HEAD.size :])
    assert said[0] == 503 if isinstance(said, list) else said["status"] == 503


def test_many_tracks_are_thinned_to_what_fits_and_no_alert_is_lost(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    rows = TracksPublished(version=PUBLISHED_VERSION, data=tracks(3_000).data)
    for n in range(60):
        at_ns = T0_NS + n * S
        first: Input = settings() if n == 0 else Tick()
        said = [Event(n + 1, at_ns, "core", Mark.EXERCISE, rows)]
        said += [Event(n + 1, at_ns, "core", Mark.EXERCISE, alert("ana"))] if n == 59 else []
        journal.append(Event(n + 1, at_ns, "clock", Mark.EXERCISE, first), said)
    journal.close(WAIT_S)
    answer = span(tmp_path, 0, 60)
    pictures = kinds(answer).count("picture")
    assert 2 <= pictures <= ROWS_MAX // 3_000 + 1
    assert answer["left_out"]["thinned"] == 60 - pictures  # type: ignore[index]
    assert kinds(answer)[-1] == "alert"


def test_what_was_never_recorded_is_no_error(tmp_path: Path) -> None:
    record(tmp_path, [settings(), observation(T0_NS, e_m=900.0, n_m=0.0)])
    assert kinds(span(tmp_path, 3600, 3660)) == ["hello"]
    assert HOME.lat_deg
