"""`vigia why`: the decision explained from a journal, for any person at any time."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from journal_world import T0_NS, S, place, raid, record
from vigia.events import AttackReported, PersonAdded
from vigia.run.settings import SettingsError
from vigia.run.why import explain, parse_time
from vigia.terms import Role

HOUR = "2027-01-15T08:{:02d}:{:02d}Z"  # T0_NS is 08:00:00 of that day


def told(folder: Path, person: str, seconds: float) -> str:
    out = io.StringIO()
    minute, second = divmod(int(seconds), 60)
    assert explain(folder, person, HOUR.format(minute, second), out) == 0
    return out.getvalue()


def test_a_danger_is_explained_by_track_evidence_threshold_and_words(tmp_path: Path) -> None:
    record(tmp_path, raid())
    text = told(tmp_path, "ana", 30)
    assert "Ana (ana) at 2027-01-15 08:00:30Z" in text
    assert "DANGER" in text
    assert "needs 0.7" in text
    assert "needs 6 s or less" in text
    assert "TAKE COVER. Drone heading for Ana" in text
    assert "sources: sensor/remote_id" in text
    assert "track T-001: DANGER, confirmed" in text
    assert "said to this person:" in text
    assert "alert WATCH be_aware (rings)" in text


def test_before_anything_happened_there_is_no_alert_and_calm_is_no_promise(tmp_path: Path) -> None:
    record(tmp_path, raid())
    text = told(tmp_path, "ben", 1)
    assert "alert: none" in text
    assert "tracks: none threatened this person" in text


def test_a_persons_order_is_explained_with_its_author(tmp_path: Path) -> None:
    chief = PersonAdded(person_id="cy", name="Cy", agency_id="x", role=Role.AGENT, post_id="gate")
    report = AttackReported(
        report_id="x1", t_obs_ns=T0_NS + 3 * S, person_id="cy", position=place(e_m=0.0, n_m=0.0)
    )
    record(tmp_path, [*raid(0), chief, report])
    text = told(tmp_path, "ana", 4)
    assert "order x1: attack by Cy, DANGER" in text
    assert "Drone attack reported near Ana" in text


def test_an_unknown_person_and_a_wrong_time_are_the_operators_mistake(tmp_path: Path) -> None:
    record(tmp_path, raid(3))
    with pytest.raises(SettingsError, match="known then: ana, ben"):
        told(tmp_path, "nobody", 3)
    with pytest.raises(SettingsError, match="need HH:MM:SS"):
        explain(tmp_path, "ana", "yesterday", io.StringIO())
    with pytest.raises(SettingsError, match="cannot be read"):
        explain(tmp_path / "none", "ana", "08:00:00", io.StringIO())


def test_a_time_of_day_is_the_last_one_in_the_journal() -> None:
    assert parse_time("08:00:00", T0_NS + 60 * S) == T0_NS
    assert parse_time("9:00", T0_NS + 60 * S) == T0_NS - 23 * 3600 * S
    assert parse_time("2027-01-15T08:00:00Z", 0) == T0_NS
