"""Incidents, claims and counts: pure; what they say is checked against the open table too."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import corpus
from vigia.records.areas import read_areas
from vigia.records.claim import Claim, Figure
from vigia.records.common import Precision, SourceRef, Span, canonical, exactly, read
from vigia.records.confront import Verdict, compare, confront
from vigia.records.counts import By, Question, add_up, count
from vigia.records.incident import Cause, Harm, Incident, Kind, Place, Status, Unit, Victims
from vigia.records.incident_csv import (
    LATAM,
    OWN,
    read_csv,
    read_geojson,
    span_text,
    to_csv,
    to_geojson,
)
from vigia.records.likeness import duplicates

TABLE = "incidents/latam_drone_incidents_2021_2026.csv"
UNKNOWN = Span()


def incident(day: str = "2024-05-06", **more: Any) -> Incident:
    fields: dict[str, Any] = {
        "status": Status.CANDIDATE,
        "kind": Kind.ATTACK,
        "unit": Unit.ATTACK,
        "begins": day,
    }
    return Incident(**fields | more)


def harm(killed: Span, injured: Span = UNKNOWN, victims: Victims = Victims.POLICE) -> Harm:
    return Harm(victims=victims, killed=killed, injured=injured)


# ---- counts ------------------------------------------------------------------------------------


def test_unknown_is_not_zero() -> None:
    found = {
        "a": incident(harm=(harm(exactly(0)),)),
        "b": incident(harm=(harm(Span()),)),
        "c": incident(),
    }
    killed = count(found, Question()).total.killed
    assert (killed.low, killed.best, killed.high) == (0, 0, None)
    assert (killed.known, killed.unknown) == (1, 2)


def test_a_range_is_said_although_it_has_no_best() -> None:
    found = {"a": incident(harm=(harm(Span(3, None, 5)),)), "b": incident(harm=(harm(exactly(1)),))}
    killed = count(found, Question()).total.killed
    assert (killed.low, killed.best, killed.high) == (4, 4, 6)
    assert (killed.known, killed.unknown) == (2, 0)


def test_units_are_never_added_up() -> None:
    found = {
        "a": incident(unit=Unit.SORTIE, amount=exactly(33)),
        "b": incident(unit=Unit.MUNITION, amount=Span(40)),
        "c": incident(unit=Unit.SORTIE, amount=exactly(2)),
    }
    amounts = count(found, Question()).total.amounts
    assert amounts["sortie"].best == 35
    assert (amounts["munition"].low, amounts["munition"].high) == (40, None)


def test_a_record_known_to_the_year_only_counts_where_the_whole_year_is_asked_for() -> None:
    found = {"a": incident("2023-01-01", precision=Precision.YEAR)}
    assert count(found, Question(since="2023-01-01", until="2023-12-31")).total.records == 1
    answer = count(found, Question(since="2023-01-01", until="2023-08-22"))
    assert answer.total.records == 0
    assert answer.left_out == {"period": 1}


def test_rejected_merged_and_exercise_records_are_left_out_and_said() -> None:
    found = {
        "a": incident(),
        "b": incident(status=Status.REJECTED),
        "c": incident(status=Status.MERGED, merged_into="a"),
        "d": incident(mark="exercise"),
    }
    answer = count(found, Question())
    assert answer.total.records == 1
    assert answer.left_out == {"mark": 1, "status": 2}


SQUARES = b"""{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"West"},"geometry":{"type":"Polygon","coordinates":
 [[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]}},
{"type":"Feature","properties":{"name":"East"},"geometry":{"type":"MultiPolygon","coordinates":
 [[[[10,0],[20,0],[20,10],[10,10],[10,0]]]]}}]}"""


def test_an_area_is_a_polygon_with_holes_and_a_vague_place_may_be_inside_and_is_told_apart() -> (
    None
):
    west, east = read_areas(SQUARES)
    found = {
        "in": incident(place=Place(lat_deg=2.0, lon_deg=2.0, radius_m=1_000.0)),
        "hole": incident(place=Place(lat_deg=5.0, lon_deg=5.0, radius_m=1_000.0)),
        "edge": incident(place=Place(lat_deg=5.0, lon_deg=10.1, radius_m=50_000.0)),
        "out": incident(place=Place(lat_deg=5.0, lon_deg=45.0, radius_m=1_000.0)),
        "nowhere": incident(),
    }
    only = count(found, Question(areas=(west,)))
    assert (only.total.records, only.total.maybe, only.left_out) == (1, 2, {"area": 2})
    both = count(found, Question(areas=(west, east), by=(By.AREA,)))
    rows = {line.group: (line.records, line.maybe) for line in both.lines}
    assert rows == {("West",): (1, 2), ("East",): (0, 2)}
    assert both.total.maybe == 2, "each once, wherever it may be"


@pytest.mark.parametrize(
    "bad", [b"", b"[]", b'{"type":"Point","coordinates":[0,0]}', b'{"type":"FeatureCollection"}',
            b'{"type":"Polygon","coordinates":[[[0,0],[1,"x"],[1,1]]]}',
            b'{"type":"Polygon","coordinates":[[[0,0],[200,0],[1,1]]]}']
)  # fmt: skip
def test_what_is_no_area_is_said(bad: bytes) -> None:
    with pytest.raises(ValueError, match="area"):
        read_areas(bad)


def test_by_class_of_victims_each_class_has_its_own_harm() -> None:
    soldiers = Harm(victims=Victims.SOLDIER, injured=exactly(2))
    police = Harm(victims=Victims.POLICE, injured=exactly(3))
    answer = count({"a": incident(harm=(soldiers, police))}, Question(by=(By.VICTIMS,)))
    assert {line.group[0]: line.injured.best for line in answer.lines} == {
        "police": 3,
        "soldier": 2,
    }
    assert (answer.total.records, answer.total.injured.best) == (1, 5)


spans = st.builds(
    lambda a, b, c, k: [Span(a), Span(a, a + b), Span(a, a + b, a + b + c), exactly(a)][k],
    *[st.integers(0, 50)] * 3,
    st.integers(0, 3),
)


@given(st.lists(spans, max_size=12))
def test_a_sum_is_ordered_and_its_parts_add_up(parts: list[Span]) -> None:
    total = add_up(parts)
    assert total.low <= total.best
    assert total.high is None or total.best <= total.high
    assert total.known + total.unknown == len(parts)
    assert total.low == sum(p.low for p in parts)


@given(spans)
def test_a_count_survives_its_text(span: Span) -> None:
    text = span_text(span)
    i = incident(amount=exactly(1), harm=(harm(span),))
    good, bad = read_csv(to_csv([("x", i)]), OWN)
    assert bad == [], text
    (found,) = good[0][1].harm
    if span.best is None or span.high is not None:
        assert (found.killed.low, found.killed.high) == (span.low, span.high)
    else:
        assert found.killed.low == span.low  # open upwards: "at least"


# ---- the open table ----------------------------------------------------------------------------


@pytest.mark.corpus
def test_the_open_table_gives_the_totals_its_rows_have() -> None:
    good, bad = read_csv(corpus(TABLE).read_text(), LATAM)
    assert (len(good), bad) == (30, [])
    answer = count(dict(good), Question(by=(By.COUNTRY, By.YEAR)))
    totals = {
        line.group: (line.records, line.killed.best, line.injured.best) for line in answer.lines
    }
    assert totals["MX", "2024"] == (5, 6, 29)
    assert totals["CO", "2025"] == (5, 22, 40)
    mexico = count(dict(good), Question(countries=("MX",))).total
    assert (mexico.records, mexico.killed.best, mexico.injured.best) == (17, 8, 35)
    assert mexico.killed.unknown == 15  # 0 in that table also stands for "not disclosed"


@pytest.mark.corpus
def test_three_planted_duplicates_are_found_and_are_the_likest() -> None:
    good, _ = read_csv(corpus(TABLE).read_text(), LATAM)
    before = {(p.a, p.b) for p in duplicates(dict(good))}
    rows = sorted(good, key=lambda r: (r[1].place.country != "CO", r[0]))
    planted: dict[str, Incident] = {}
    for n, (record_id, i) in enumerate(rows[:3]):
        later = (i.day + datetime.timedelta(days=n)).isoformat()
        words = " ".join(reversed(i.summary.split()))
        planted[f"other-{record_id}"] = msgspec.structs.replace(
            i, begins=later, summary=words, sources=(SourceRef(title="another paper"),), harm=()
        )
    found = {(p.a, p.b) for p in duplicates(dict(good) | planted)}
    wanted = {(a, f"other-{a}") for a in (r[0] for r in rows[:3])}
    assert wanted <= found
    assert len(found - wanted - before) <= 3  # the copies' own likeness to neighbours


def test_a_denied_pair_is_not_proposed_again() -> None:
    same: dict[str, Any] = {"summary": "drones dropped grenades on the station", "actor": "X",
                            "place": Place(name="El Plateado", country="CO")}  # fmt: skip
    found = {"a": incident(**same), "b": incident(**same)}
    assert [(p.a, p.b) for p in duplicates(found)] == [("a", "b")]
    found["b"] = incident(**same, not_same_as=("a",))
    assert duplicates(found) == []


def test_rows_that_are_not_taken_say_why_and_the_others_are() -> None:
    text = "begins,killed,unit\n2024-01-01,3,attack\nyesterday,1,attack\n2024-01-02,many,attack\n"
    text += "2024-01-03,1,bang\n"
    good, bad = read_csv(text, OWN)
    assert len(good) == 1
    assert [e.row for e in bad] == [2, 3, 4]
    assert "need a date" in bad[0].what
    assert "many" in bad[1].what
    assert "attack, sortie" in bad[2].what


def test_another_table_is_refused_with_what_is_needed() -> None:
    with pytest.raises(ValueError, match="need 'data'"):
        read_csv("a,b\n1,2\n", LATAM)


def test_geojson_goes_there_and_back() -> None:
    rows = [("a", incident(place=Place(lat_deg=1.5, lon_deg=2.5), harm=(harm(Span(2)),)))]
    good, bad = read_geojson(to_geojson(rows))
    assert (good, bad) == (rows, [])


def test_a_cell_is_never_a_formula() -> None:
    assert "'=cmd" in to_csv([("a", incident(actor="=cmd"))])


def test_records_read_back_and_say_what_is_wrong() -> None:
    i = incident(harm=(harm(Span(1, 2, 3)),))
    assert read(canonical(i), Incident) == i
    with pytest.raises(ValueError, match="low 3, best 1"):
        read(b'{"status":"candidate","kind":"attack","unit":"attack","begins":"2024-01-01",'
             b'"harm":[{"victims":"police","killed":{"low":3,"best":1}}]}', Incident)  # fmt: skip


# ---- claims ------------------------------------------------------------------------------------

YEAR: dict[str, Any] = {"since": "2023-01-01", "until": "2023-12-31", "country": "MX"}
PART: dict[str, Any] = {"since": "2023-01-01", "until": "2023-08-22", "country": "MX"}


def figure(what: str, n: int | Span, **more: Any) -> Figure:
    value = exactly(n) if isinstance(n, int) else n
    return Figure(what=what, value=value, **YEAR | more)


def test_attacks_and_bombs_found_are_different_things() -> None:
    said = figure("incidents", 260, unit=Unit.ATTACK)
    source = figure("incidents", 260, unit=Unit.DEVICE_FOUND, **PART)
    verdict, differs = compare(said, source)
    assert verdict is Verdict.OTHER_THING
    assert differs == ("unit", "period")


def test_the_same_thing_agrees_or_contradicts() -> None:
    assert compare(figure("killed", 0), figure("killed", 5)) == (Verdict.CONTRADICTS, ())
    assert compare(figure("killed", 5), figure("killed", Span(3, 4, 6)))[0] is Verdict.AGREES


def test_a_part_larger_than_the_whole_contradicts_it() -> None:
    whole = figure("killed", 0, victims=(Victims.AGENT, Victims.SOLDIER, Victims.POLICE))
    part = figure("killed", Span(5), victims=(Victims.POLICE,), **PART)
    assert compare(whole, part)[0] is Verdict.AT_LEAST
    assert compare(part, whole)[0] is Verdict.AT_LEAST
    assert compare(figure("killed", 9), part)[0] is Verdict.FITS


def test_what_is_open_upwards_contradicts_no_larger_part() -> None:
    whole = figure("killed", Span(2, 3))
    part = figure("killed", Span(5), victims=(Victims.POLICE,), **PART)
    assert compare(whole, part)[0] is Verdict.FITS


def test_harm_by_every_kind_of_explosive_is_not_harm_by_drones() -> None:
    drones = figure("injured", 42, cause=Cause.DRONE)
    explosives = figure("injured", 42, cause=Cause.EXPLOSIVE, **PART)
    assert compare(drones, explosives)[0] is Verdict.OTHER_THING
    assert (
        compare(
            figure("injured", 42, cause=Cause.EXPLOSIVE), figure("injured", 3, cause=Cause.DRONE)
        )[0]
        is Verdict.FITS
    )


def test_few_records_of_our_own_prove_nothing_against_a_claim() -> None:
    claim = Claim(
        sentence="260 attacks, no deaths",
        figures=(figure("incidents", 260, unit=Unit.ATTACK), figure("killed", 0)),
        sources=(SourceRef(title="a paper"),),
    )
    ours = {"a": incident("2023-05-01", place=Place(country="MX"), harm=(harm(exactly(2)),))}
    first, second = confront("c", {"c": claim}, ours)
    assert first.verdict is Verdict.OWN_RECORDS_THIN
    assert second.verdict is Verdict.CONTRADICTS
    assert second.ours is not None
    assert second.ours.best == 2
