"""People overtake scans; overload thins scans, counted, never people."""

from __future__ import annotations

import pytest

from vigia.events import Observation, OperatorSeen, Sighting, Thinned
from vigia.run import inbox as inbox_module
from vigia.run.inbox import Inbox, Item
from vigia.scan import Layout, pack
from vigia.terms import Mark, Position


def scan(t: int, rows: int = 1) -> Item:
    body = Observation(sensor_id="r", scan=pack(Layout.POLAR_1, {"t_obs_ns": [t] * rows}))
    return Item(t, "r", Mark.DEMO, body)


def report(n: int) -> Item:
    return Item(n, "phone", Mark.DEMO, Sighting(report_id=str(n), t_obs_ns=n))


def test_a_report_overtakes_every_waiting_scan() -> None:
    box = Inbox()
    for t in range(5):
        box.put(scan(t))
    box.put(report(9))
    first = box.take(0)
    assert first is not None
    assert isinstance(first.body, Sighting)
    assert [i.t_recv_ns for _ in range(5) if (i := box.take(0))] == [0, 1, 2, 3, 4]
    assert box.take(0) is None


def test_overload_throws_the_oldest_scans_away_and_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox_module, "ROWS_MAX", 10)
    box = Inbox()
    for t in range(6):
        box.put(scan(t, rows=4))
    told = box.take(77)
    assert told is not None
    assert told.body == Thinned(sensor_id="r", scans=4, detections=16)
    assert told.t_recv_ns == 77
    left = [i.t_recv_ns for _ in range(9) if (i := box.take(0))]
    assert left == [4, 5]
    assert box.thinned_scans == 4


def test_people_are_never_thinned_and_a_full_box_refuses_out_loud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox_module, "PEOPLE_MAX", 3)
    box = Inbox()
    assert [box.put(report(n)) for n in range(4)] == [True, True, True, False]
    assert box.refused_people == 1
    assert [i.t_recv_ns for _ in range(9) if (i := box.take(0))] == [0, 1, 2]


def test_forged_broadcasts_take_no_place_from_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "NOTES_MAX", 4)
    monkeypatch.setattr(inbox_module, "PEOPLE_MAX", 2)
    box = Inbox()
    for n in range(10):
        body = OperatorSeen(
            sensor_id="r", uas_id=f"forged{n}", t_obs_ns=n, position=Position(1.0, 2.0)
        )
        assert box.put(Item(n, "r", Mark.DEMO, body))
    assert box.put(report(99))
    first = box.take(0)
    assert first is not None
    assert isinstance(first.body, Sighting)
    assert box.dropped_notes == 6
