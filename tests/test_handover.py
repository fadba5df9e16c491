"""The shift handover: drawn from the record, signed by one officer, taken over by another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway_world import alert, run, until, world
from vigia.events_desk import RecordKept, RecordKind
from vigia.records.handover import Handover, Part
from vigia.terms import Role, Tier


def note(**more: Any) -> Handover:
    fields: dict[str, Any] = {"t_ms": 1, "lang": "en", "out_person_id": "ana", "parts": ()}
    return Handover(**(fields | more))


def test_a_note_is_not_taken_over_by_whoever_signed_it() -> None:
    with pytest.raises(ValueError, match="same person"):
        note(in_person_id="ana", in_ms=2)
    with pytest.raises(ValueError, match="who and when"):
        note(in_person_id="bo")
    assert note(in_person_id="bo", in_ms=2).in_person_id == "bo"


def test_parts_and_lines_are_bounded() -> None:
    with pytest.raises(ValueError, match="lines"):
        Part(key="watch", lines=("x",) * 1_000)


def test_a_note_says_what_stands_and_both_officers_sign_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.watch.decides = lambda body: [body] if isinstance(body, RecordKept) else []
            out = await w.enrolled(Role.WATCH_OFFICER, "ana")
            come = await w.enrolled(Role.WATCH_OFFICER, "bo")
            agent = await w.enrolled(Role.OFFICER, "p1")
            await until(lambda: w.gateway.records.ready)
            w.watch.warn(alert("p1", tier=Tier.WARNING))
            await until(lambda: bool(w.gateway.view.alerts))
            assert (await agent.http.get("/api/v1/handover/draft")).status_code == 403
            drawn = (await out.http.get("/api/v1/handover/draft?lang=es")).json()
            parts = {p["key"]: p["lines"] for p in drawn["note"]["parts"]}
            assert set(parts) == {
                "watch", "alerts", "blind", "sensors", "unanswered", "kits", "bulletins",
            }  # fmt: skip
            assert "AVISO" in parts["alerts"][0]
            assert len(parts["unanswered"]) == 1
            assert parts["blind"] == ["Post 12: aún no se sabe"]
            body = {"draft_id": drawn["draft_id"], "remarks": "north radar: new battery"}
            stolen = await come.http.post("/api/v1/handover", json=body)
            assert stolen.status_code == 409, "a note is signed by whoever drew it"
            signed = await out.http.post("/api/v1/handover", json=body)
            assert signed.status_code == 200, signed.text
            path = f"/api/v1/handover/{signed.json()['id']}/take"
            assert (await out.http.post(path, json={})).status_code == 409
            taken = await come.http.post(path, json={"remarks": "seen"})
            assert taken.status_code == 200, taken.text
            assert (await come.http.post(path, json={})).status_code == 409
            again = await out.http.post("/api/v1/handover", json=body)
            assert again.status_code == 409, "a draft is signed once"
            (row,) = (await come.http.get("/api/v1/handover")).json()["notes"]
            assert (row["out_name"], row["in_name"]) == (out.person["name"], come.person["name"])
            assert row["remarks"] == "north radar: new battery"
            kept = w.watch.bodies(RecordKept)
            assert [(k.kind, k.version) for k in kept] == [
                (RecordKind.HANDOVER, 1),
                (RecordKind.HANDOVER, 2),
            ]

    run(go)
