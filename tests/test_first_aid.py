"""First aid: HIT grows to MIST and nine lines, kits and checks make a board."""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from tools.live import Person, live

from vigia.delivery.channels.cot_casevac import render_casevac
from vigia.events import PersonAdded
from vigia.records.casualty import (
    Body,
    Done,
    Injury,
    Limb,
    Mechanism,
    Pickup,
    Signs,
    Step,
    Tourniquet,
    Urgency,
    Word,
    Wound,
    fold,
)
from vigia.records.casualty_text import mist, nine_line, report
from vigia.records.readiness import NEEDED, Check, Item, Kit, board
from vigia.run.catalogue import words_of
from vigia.terms import Lang, Mark, Position, Role

T = 1_800_000_000_000
WORDS = [
    Word(word_id="hit", t_ms=T, position=Position(31.8, -106.7), unit="Post 12"),
    Word(word_id="n", t_ms=T + 20_000, patients=2, litter=1, urgency=Urgency.URGENT),
    Word(
        word_id="tq",
        t_ms=T + 30_000,
        tourniquets=(Tourniquet(tourniquet_id="a", limb=Limb.LEFT_LEG, t_on_ms=T + 29_000),),
    ),
    Word(
        word_id="how",
        t_ms=T + 60_000,
        mechanism=Mechanism.DRONE_BOMB,
        injuries=(Injury(body=Body.LEFT_LEG, wound=Wound.FRAGMENTS),),
        signs=Signs(t_ms=T + 60_000, awake=True, breathes=True, pulse_bpm=120),
        done=(Done(step=Step.MASSIVE_BLEEDING, t_ms=T + 31_000),),
    ),
    Word(word_id="pick", t_ms=T + 90_000, pickup=Pickup(radio="38.65", security="possible")),
]


@given(st.permutations(WORDS), st.lists(st.sampled_from(WORDS), max_size=4))
def test_order_and_repetition_of_words_change_nothing(row: list[Word], more: list[Word]) -> None:
    assert fold([*row, *more]) == fold(WORDS)


def test_the_later_press_counts_and_a_first_time_on_stays() -> None:
    late = Tourniquet(
        tourniquet_id="a", limb=Limb.LEFT_LEG, t_on_ms=T + 50_000, t_off_ms=T + 99_000
    )
    found = fold(
        [
            *WORDS,
            Word(word_id="n2", t_ms=T + 25_000, patients=3),
            Word(word_id="off", t_ms=T + 99_000, tourniquets=(late,)),
        ]
    )
    assert found.patients == 3
    assert [(t.t_on_ms, t.t_off_ms) for t in found.tourniquets] == [(T + 29_000, T + 99_000)]


@pytest.mark.parametrize("lang", list(Lang))
def test_mist_and_nine_lines_are_made_of_what_was_said(lang: Lang) -> None:
    words = words_of(lang)
    c = fold(WORDS)
    told = dict(mist(c, words))
    assert words["aid.mechanism.drone_bomb"] in told["M"]
    assert words["aid.wound.fragments"] in told["I"]
    assert "120" in told["S"]
    assert words["aid.body.left_leg"] in told["T"]
    lines = dict(nine_line(c, words, callsign="Agent 1"))
    assert lines["3"].startswith("2A")
    assert lines["5"] == "1L 1A"
    assert lines["2"] == "38.65 Agent 1"
    assert lines["8"] == "?"  # nobody has said
    assert "31.80000 -106.70000" in report(c, words, name="Agent 1")


def test_a_bare_hit_leaves_all_open_and_guesses_nothing() -> None:
    words = words_of(Lang.EN)
    c = fold(WORDS[:1])
    assert dict(mist(c, words))["I"] == "?"
    assert dict(nine_line(c, words, callsign=""))["3"] == "?"


def test_the_casevac_for_tak_holds_place_urgency_and_mist() -> None:
    words = words_of(Lang.EN)
    c = fold(WORDS)
    data = render_casevac(
        c,
        "c1",
        mist=dict(mist(c, words)),
        title="EXERCISE Agent 1",
        remarks="x",
        mark=Mark.EXERCISE,
    )
    event = etree.fromstring(data)
    assert event.get("type") == "b-r-f-h-c"
    assert event.find("point").get("lat").startswith("31.8")
    medevac = event.find("detail/_medevac_")
    assert (medevac.get("urgent"), medevac.get("litter"), medevac.get("ambulatory")) == (
        "2",
        "1",
        "1",
    )
    assert "fragments" in medevac.find("zMistsMap/zMist").get("i")
    bare = etree.fromstring(
        render_casevac(fold(WORDS[:1]), "c", mist={}, title="t", remarks="", mark=Mark.ACTUAL)
    )
    assert bare.find("detail/_medevac_").get("urgent") is None


# ---- readiness ---------------------------------------------------------------------------------


def person(name: str, post: str | None = "north", role: Role = Role.OFFICER) -> PersonAdded:
    return PersonAdded(person_id=name, name=name, agency_id="a", role=role, post_id=post)


def full(**more: Any) -> Kit:
    items = tuple(Item(name=n, count=c) for n, c in NEEDED.items())
    return Kit(name="Kit 1", post_id="north", items=items, **more)


def test_ready_is_a_fresh_check_a_full_kit_tourniquet_and_armour() -> None:
    good = Check(t_ms=T, kit_id="k", kit_ok=True, tourniquet=True, armour=True, medic=True)
    found = board([person("a")], {"k": full()}, {"a": good}, ["north", "south"], t_ms=T + 1000)
    assert found.people[0].why == ()
    assert found.posts_without_kit == ("south",)
    assert found.posts_without_medic == ("south",)
    stale = board([person("a")], {"k": full()}, {"a": good}, ["north"], t_ms=T + 13 * 3_600_000)
    assert stale.people[0].why == ("ready.not_checked",)
    assert stale.posts_without_medic == ("north",)


def test_what_has_expired_is_not_there() -> None:
    items = (Item(name="hemostatic_gauze", count=1, expires="2020-01-01"),)
    found = board([], {"k": Kit(name="K", items=items)}, {}, [], t_ms=T)
    assert found.kits[0].expired == ("hemostatic_gauze",)
    assert found.kits[0].lacks["hemostatic_gauze"] == 1


def test_a_complete_looking_kit_that_lacks_something_makes_nobody_ready() -> None:
    told = Check(t_ms=T, kit_id="k", kit_ok=True, tourniquet=True, armour=True)
    kit = Kit(name="K", items=(Item(name="gloves", count=2),))
    found = board([person("a")], {"k": kit}, {"a": told}, [], t_ms=T)
    assert found.people[0].why == ("ready.kit_incomplete",)


def test_not_ready_come_first_and_a_desk_is_not_counted() -> None:
    told = Check(t_ms=T, kit_id="k", kit_ok=True, tourniquet=True, armour=True)
    people = [person("a"), person("b"), person("desk", None, Role.WATCH_OFFICER)]
    found = board(people, {"k": full()}, {"a": told}, [], t_ms=T)
    assert [p.name for p in found.people] == ["b", "a"]


# ---- through the real processes ----------------------------------------------------------------


def test_a_hit_reaches_the_console_at_once_and_arrives_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    args = ["watch", "--post", "Post 1,31.8,-106.7", "--data", str(folder)]
    with live(args, folder) as running:
        agent = Person.enrolled(running, "Agent 1", Role.OFFICER, post_id="post-1")
        other = Person.enrolled(running, "Agent 2", Role.OFFICER)
        officer = Person.enrolled(running, "Ana Ruiz", Role.WATCH_OFFICER)
        admin = Person.enrolled(running, "Root", Role.ADMIN)
        console = officer.socket()
        console.wait("hello")
        now = int(time.time() * 1000)
        hit = {"word_id": "w1", "t_ms": now - 90_000, "position": [31.8, -106.7], "unit": "Post 1"}
        later: dict[str, Any] = {"word_id": "w2", "t_ms": now, "patients": 1, "urgency": "urgent"}
        path = "/api/v1/casualties/c1"
        for body in random.sample([hit, hit, later], 3):  # an outbox sends late and twice
            assert agent.http.post(path, json=body).json()["received"] is True
        assert console.wait("records")["kind"] == "casualty"
        (row,) = officer.http.get("/api/v1/casualties?lang=es").json()["casualties"]
        assert row["by"] == "Agent 1"
        assert row["report"]["t_hit_ms"] == now - 90_000
        assert "urgente" in row["text"]
        assert other.http.get("/api/v1/casualties").json()["casualties"] == []
        bad = agent.http.post(path, json={"word_id": "x", "t_ms": now, "patients": 0})
        assert "need 1 to 200" in bad.json()["error"]["what"]

        items = [{"name": n, "count": c} for n, c in NEEDED.items()]
        kit = {"name": "Kit 1", "post_id": "post-1", "items": items}
        answer = officer.http.post("/api/v1/first-aid/kits/k1", json={"version": 1, "kit": kit})
        assert answer.status_code == 200
        check = {"t_ms": now, "kit_id": "k1", "kit_ok": True, "tourniquet": True, "armour": True}
        agent.http.post("/api/v1/first-aid/check", json=check | {"medic": True}).raise_for_status()
        ready = officer.http.get("/api/v1/first-aid/ready").json()
        assert [p["name"] for p in ready["people"] if p["why"]] == ["Agent 2"]
        text = {"text_sha256": "ab" * 32, "by": "Dr. Lima, medical officer", "on": "2026-11-27"}
        assert admin.http.post("/api/v1/first-aid/approve", json=text).status_code == 200
        near = agent.http.get("/api/v1/first-aid").json()
        assert near["approved"] == ["ab" * 32]
        assert near["kits"][0]["complete"] is True
        assert near["medics"][0]["name"] == "Agent 1"
    with sqlite3.connect(folder / "journal.sqlite") as db:  # what was said of him is encrypted
        rows = db.execute("SELECT subject, key_id FROM inputs WHERE kind = 'RecordKept'").fetchall()
    assert [key is not None for subject, key in rows if subject == "casualty/c1"] == [True, True]


def test_a_tap_by_mistake_says_no_more_and_the_first_word_stays() -> None:
    back = Word(word_id="b", t_ms=T + 95_000, taken_back=("tq", "how", "hit"))
    for row in ([*WORDS, back], [back, *reversed(WORDS)]):
        c = fold(row)
        assert (c.tourniquets, c.injuries, c.done, c.mechanism) == ((), (), (), None)
        assert (c.unit, c.position, c.t_hit_ms) == ("Post 12", WORDS[0].position, T)
        assert c.patients == 2
