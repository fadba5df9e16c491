"""Bulletins: two persons, both languages, receipts, recall; as text and on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tools.live import Person, live

from vigia.records import release as release_rules
from vigia.records.bulletin import Both, Bulletin, BulletinStatus, Statement, one_sided, unready
from vigia.records.bulletin_text import CHAT_MAX, parts, short, text
from vigia.records.memo import memo
from vigia.records.release import in_force, next_number, released_as, why_not
from vigia.run.catalogue import words_of
from vigia.run.records.bulletin_pdf import pdf
from vigia.terms import Lang, Role

NOW = "2026-11-27T18:00:00Z"


def draft() -> Bulletin:
    return memo(issuer="Sector", effective="2026-11-28T06:00:00Z", expires="2026-12-12T06:00:00Z")


def released() -> Bulletin:
    past = [("ana", replace(draft(), status=BulletinStatus.REVIEW))]
    return released_as(past, number="OSA-2026-001", issued=NOW, name="Bo Lind")


def test_the_memo_is_ready_as_it_stands_and_the_same_in_both_languages() -> None:
    assert unready(draft()) == []
    for b in (draft(), released()):
        sides = [[(p.key, len(p.lines)) for p in parts(b, g, words_of(g))] for g in Lang]
        assert sides[0] == sides[1]


def test_a_text_in_one_language_is_found() -> None:
    b = replace(draft(), do=(Both("only English"),), known=(Statement(text=Both(es="solo")),))
    assert one_sided(b) == ["do 1", "known 1"]
    assert "known 1: no source" in unready(b)


def test_whoever_wrote_it_cannot_release_it() -> None:
    first = draft()
    review = replace(first, status=BulletinStatus.REVIEW)
    past = [("ana", first), ("ana", review)]
    made = released_as(past, number="OSA-2026-001", issued=NOW, name="x")
    assert "two persons" in (why_not(past, made, by="ana", role=Role.RELEASER) or "")
    assert "only a releaser" in (why_not(past, made, by="bo", role=Role.ANALYST) or "")
    assert why_not(past, made, by="bo", role=Role.RELEASER) is None


def test_what_is_released_is_what_was_reviewed() -> None:
    past = [("ana", replace(draft(), status=BulletinStatus.REVIEW))]
    made = released_as(past, number="OSA-2026-001", issued=NOW, name="x")
    changed = replace(made, title=Both("Another", "Otro"))
    assert "was changed" in (why_not(past, changed, by="bo", role=Role.RELEASER) or "")
    assert "in review first" in (
        why_not([("ana", draft())], made, by="bo", role=Role.RELEASER) or ""
    )


def test_a_correction_is_the_next_edition_and_says_what_it_replaces() -> None:
    one = released()
    better = replace(one, status=BulletinStatus.REVIEW, title=Both("Better", "Mejor"))
    past = [("ana", draft()), ("bo", one), ("cy", better)]
    two = released_as(past, number="OSA-2026-009", issued=NOW, name="Bo Lind")
    assert (two.number, two.edition) == ("OSA-2026-001", 2)
    assert two.supersedes == "OSA-2026-001 edition 1"
    assert why_not(past, two, by="bo", role=Role.RELEASER) is None  # he wrote nothing since
    assert "two persons" in (why_not(past, two, by="cy", role=Role.RELEASER) or "")


def test_a_recall_needs_a_reason_in_both_languages_and_changes_nothing_else() -> None:
    one = released()
    past = [("bo", one)]
    bare = replace(one, status=BulletinStatus.RECALLED)
    said = replace(bare, reason=Both("wrong source", "fuente errónea"))
    assert "say why" in (why_not(past, bare, by="bo", role=Role.RELEASER) or "")
    assert why_not(past, said, by="bo", role=Role.RELEASER) is None
    other = replace(said, title=Both("x", "y"))
    assert "stays as it was" in (why_not(past, other, by="bo", role=Role.RELEASER) or "")
    again = replace(draft(), status=BulletinStatus.DRAFT)
    assert "stays recalled" in (
        why_not([*past, ("bo", said)], again, by="a", role=Role.ADMIN) or ""
    )


def test_it_is_in_force_from_its_beginning_until_it_expires() -> None:
    from datetime import datetime

    def at(text: str) -> int:
        return int(datetime.fromisoformat(text).timestamp() * 1e9)

    b = released()
    assert not in_force(b, at("2026-11-28T05:59:59Z"))
    assert in_force(b, at("2026-11-28T06:00:00Z"))
    assert not in_force(b, at("2026-12-12T06:00:00Z"))
    assert not in_force(draft(), at("2026-12-01T06:00:00Z"))


def test_numbers_are_never_used_twice() -> None:
    taken = ["OSA-2026-001", "OSA-2026-007", "", "OSA-2025-900"]
    assert next_number(taken, prefix="OSA", year=2026) == "OSA-2026-008"


@pytest.mark.parametrize("lang", list(Lang))
def test_text_and_chat_hold_what_matters(lang: Lang) -> None:
    words = words_of(lang)
    b = released()
    whole = text(b, lang, words)
    for line in (b.title, b.summary, *b.do, *b.dont, *b.unknown, *b.report_to):
        assert line.of(lang) in whole
    assert "TLP:AMBER" in whole
    assert "B3" in whole
    told = short(b, lang, words)
    assert len(told) <= CHAT_MAX
    assert b.do[0].of(lang) in told
    assert words["bulletin.exercise"] in text(replace(b, mark="exercise"), lang, words)


@pytest.mark.parametrize("lang", list(Lang))
def test_it_prints_on_one_page_with_its_handling_at_head_and_foot(lang: Lang) -> None:
    import pypdfium2

    made = pdf(released(), lang, words_of(lang))
    assert made == pdf(released(), lang, words_of(lang))
    pages = pypdfium2.PdfDocument(made)
    assert len(pages) == 1
    told = pages[0].get_textpage().get_text_bounded()
    assert told.count("TLP:AMBER") == 2
    assert "OSA-2026-001" in told
    assert released().do[1].of(lang).split()[-1] in told


SETTINGS = """
[site]
lat_deg = 31.8
lon_deg = -106.7
[[posts]]
id = "north"
name = "North"
lat_deg = 31.8
lon_deg = -106.7
[[posts]]
id = "south"
name = "South"
lat_deg = 31.7
lon_deg = -106.7
[agencies.alpha]
name = "Alpha"
posts = ["north"]
[agencies.bravo]
name = "Bravo"
posts = ["south"]
"""


def test_from_draft_to_receipts_in_two_agencies(tmp_path: Path) -> None:
    settings = tmp_path / "site.toml"
    settings.write_text(SETTINGS)
    folder = tmp_path / "data"
    args = ["watch", "--settings", str(settings), "--data", str(folder)]
    with live(args, folder) as running:

        def enrol(name: str, role: Role, agency: str) -> Person:
            return Person.enrolled(running, name, role, agency_id=agency)

        ana = enrol("Ana Ruiz", Role.ANALYST, "alpha")
        bo = enrol("Bo Lind", Role.RELEASER, "alpha")
        cy = enrol("Cy Moss", Role.OFFICER, "alpha")
        dee = enrol("Dee Fox", Role.OFFICER, "bravo")
        page = dee.socket()
        page.wait("hello")

        made: Any = ana.http.get("/api/v1/desk/bulletins/template").json()["bulletin"]
        path = "/api/v1/desk/bulletins/b1"

        def write(version: int, status: str) -> Any:
            body = {"version": version, "bulletin": made | {"status": status}}
            return ana.http.post(path, json=body)

        assert write(1, "draft").json()["unready"] == []
        assert write(2, "released").status_code == 400
        assert write(2, "review").status_code == 200
        assert ana.http.post(f"{path}/release", json={"version": 3}).status_code == 403
        assert cy.http.get("/api/v1/bulletins").json()["bulletins"] == []
        number = bo.http.post(f"{path}/release", json={"version": 3}).json()["number"]
        assert number.endswith("-001")

        page.wait("bulletins")
        (mine,) = dee.http.get("/api/v1/bulletins").json()["bulletins"]
        assert mine["read_ms"] is None
        assert mine["sides"]["es"]["title"].startswith("Orden")
        done = {"edition": 1, "t_ms": 4_000_000_000_000}  # a clock ahead is not believed
        for _ in range(2):
            answer = dee.http.post("/api/v1/bulletins/b1/read", json=done)
            assert answer.json() == {"received": True}

        (row,) = bo.http.get("/api/v1/desk/bulletins").json()["bulletins"]
        assert [p["name"] for p in row["unread"]] == ["Ana Ruiz", "Bo Lind", "Cy Moss"]
        assert row["others"] == [{"agency": "Bravo", "read": 1, "unread": 0}]
        assert dee.http.get("/api/v1/desk/bulletins").status_code == 403
        told = dee.http.get("/api/v1/bulletins/b1/print?format=pdf").content
        assert told.startswith(b"%PDF")

        why = {"en": "the source was wrong", "es": "la fuente era errónea"}
        assert bo.http.post(f"{path}/recall", json={"version": 4, "reason": why}).status_code == 200
        page.wait("bulletins")
        (mine,) = dee.http.get("/api/v1/bulletins").json()["bulletins"]
        assert mine["sides"]["en"]["banner"] == "RECALLED: DO NOT USE"


def test_every_refusal_of_a_release_or_recall_has_words_in_both_languages() -> None:
    source = Path(release_rules.__file__).read_text()
    told = re.findall(r'"((?:release|recall|a recalled)[^"{]*)', source)
    assert len(told) >= 10
    for text_ in told:
        words = re.sub(r"[^a-z]+", "_", text_.lower()).strip("_").split("_")[:7]
        for lang in Lang:
            assert f"console.refused.{'_'.join(words)}" in words_of(lang), text_
