"""Words through the desk's form, an SMS gateway and the command line -> reports of the watch."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

import msgspec
import pytest

from gateway_world import World, run, until, world
from vigia.alert_terms import Via
from vigia.events import AttackReported, Sighting
from vigia.events_words import WordKind, WordReceived, WordSettled
from vigia.terms import Role

KEY = "a-key-of-some-length-0123456789"
TEXT = "2 drones low NE of post 12 heading south carrying something"


def test_the_desk_sees_what_is_understood_before_it_counts_and_corrects_it_afterwards(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            desk = (await w.enrolled(Role.WATCH_OFFICER, "wo")).http
            asked = (await desk.post("/api/v1/words", json={"text": TEXT})).json()
            assert asked["understood"] == (
                "2 drones, drone, carries something, moving, seen to the north-east, going south, "
                "low, place: Post 12"
            )
            assert (asked["counts"], asked["sent"]) == (True, False)
            assert w.watch.bodies(Sighting) == []
            sent = (
                await desk.post("/api/v1/words", json={"text": TEXT, "send": True, "sender": "R1"})
            ).json()
            sighting = w.watch.bodies(Sighting)[0]
            assert (sighting.via, sighting.person_id, sighting.count) == (Via.DESK, None, 2)
            assert sighting.bearing.azimuth_deg_true == 45.0
            w.watch.emit(w.watch.bodies(WordReceived)[0], "words")
            w.watch.emit(sighting, "words")
            await until(lambda: sent["word_id"] in w.gateway.words.open)
            body = {"text": "no drone, it was a bird", "send": True, "corrects": sent["word_id"]}
            again = (await desk.post("/api/v1/words", json=body)).json()
            assert (again["counts"], again["why"]) == (False, "negated")
            taken_back = w.watch.bodies(Sighting)[1]
            assert (taken_back.report_id, taken_back.withdrawn) == (sent["report_id"], True)
            assert w.watch.bodies(WordSettled)[0].word_id == sent["word_id"]

    run(go)


def test_what_nobody_understood_waits_at_the_desk_until_somebody_settles_it(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.gateway.words.key = KEY
            desk = (await w.enrolled(Role.WATCH_OFFICER, "wo")).http
            told = await _sms(w, {"from": "+1555", "text": "the thing is back near the well"})
            assert (told["counts"], told["why"]) == (False, "none")
            word = w.watch.bodies(WordReceived)[0]
            assert (word.kind, word.text, word.report_id) == (
                WordKind.TEXT, "the thing is back near the well", None,
            )  # fmt: skip
            w.watch.emit(word, "words")
            await until(lambda: bool(w.gateway.words.open))
            shown = (await desk.get("/api/v1/words")).json()["words"]
            assert shown[0]["text"] == word.text
            path = f"/api/v1/words/{word.word_id}/settle"
            assert (await desk.post(path, json={"reason": "called back"})).status_code == 200
            w.watch.emit(w.watch.bodies(WordSettled)[0], "words")
            await until(lambda: not w.gateway.words.open)

    run(go)


async def _sms(w: World, body: dict[str, str], key: str = KEY) -> dict[str, object]:
    answer = await w.phone().http.post("/api/v1/sms", json=body, headers={"X-Vigia-Key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_text_message_is_a_weak_report_at_the_place_it_names_or_its_senders(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.gateway.words.key = KEY
            await w.enrolled(Role.OFFICER, "p1")
            person = w.gateway.view.people["p1"]
            w.gateway.view.people["p1"] = msgspec.structs.replace(person, post_id="12")
            w.gateway.words.numbers = {"+1555": "p1"}
            await _sms(w, {"msisdn": "+1555", "message": "veo un dron hacia el sur", "id": "m1"})
            sighting = w.watch.bodies(Sighting)[0]
            assert sighting.via is Via.TEXT
            assert sighting.position is not None, "his post, since he names no place"
            nowhere = await _sms(w, {"from": "+1999", "text": "drone heading south"})
            assert nowhere["why"] == "place"
            assert "WHERE" in str(nowhere["reply"])
            await _sms(w, {"from": "+1999", "text": "drone attack here post 12"})
            attack = w.watch.bodies(AttackReported)[0]
            assert (attack.via, attack.person_id) == (Via.TEXT, None)

    run(go)


def test_twilios_form_is_taken_by_its_signature_and_answered_in_its_language(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.gateway.words.key, w.gateway.words.url = KEY, "https://vigia.example/api/v1/sms"
            form = {"From": "+1555", "Body": TEXT, "MessageSid": "SM1", "NumMedia": "0"}
            told = w.gateway.words.url + "".join(k + form[k] for k in sorted(form))
            signature = base64.b64encode(
                hmac.new(KEY.encode(), told.encode(), hashlib.sha1).digest()
            )
            head = {"X-Twilio-Signature": signature.decode()}
            answer = await w.phone().http.post("/api/v1/sms", data=form, headers=head)
            assert answer.status_code == 200, answer.text
            assert answer.text.startswith(
                '<?xml version="1.0" encoding="UTF-8"?><Response><Message>'
            )
            assert "going south" in answer.text
            for bad in ({"X-Twilio-Signature": "AAAA"}, {"X-Vigia-Key": "wrong"}, {}):
                refused = await w.phone().http.post("/api/v1/sms", data=form, headers=bad)
                assert refused.status_code == 403
            assert len(w.watch.bodies(WordReceived)) == 1

    run(go)


@pytest.mark.parametrize("body", ["", "{", '{"a":1}', "a=b", '{"from":"+1","text":""}'])
def test_nonsense_is_refused_with_what_was_expected(tmp_path: Path, body: str) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            w.gateway.words.key = KEY
            head = {"X-Vigia-Key": KEY, "Content-Type": "application/json"}
            answer = await w.phone().http.post("/api/v1/sms", content=body, headers=head)
            assert answer.status_code == 400
            assert answer.json()["error"]["expected"]

    run(go)
