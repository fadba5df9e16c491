"""What TAK clients say -> what the watch is told, by who they prove to be."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from corpus import corpus
from test_tak import alert
from vigia.alert_terms import Via
from vigia.events import Acknowledged, Alert, AttackReported, PersonMoved, Sighting
from vigia.events_words import WordKind, WordReceived
from vigia.run.tak_server.hear import Ear, Heard, Site
from vigia.run.tak_server.who import Who
from vigia.terms import AckKind, Position
from vigia.textreport.place import Named
from vigia.wire.cot import CotEvent, Dest, Emergency, element, parse, render

S = 1_000_000_000
T_NS = 1_767_226_200 * S
LAT, LON = 31.79, -106.75
MINE = Position(LAT, LON)
ANA = Who(address="a", person_id="ana", device_id="dev-a", positions=True)
STRANGER = Who(address="s")
HERS: Alert = replace(alert("a9", 3), person_id="ana", target_id="person/ana")
SITE = Site(
    origin=Position(LAT, LON, 1200.0), places=(Named("12", "Post 12", Position(31.791, -106.746)),)
)


def ear(callsigns: dict[str, str] | None = None) -> Ear:
    made = Ear(callsigns or {}, {"a9": HERS}.get, lambda: [HERS])
    made.site = SITE
    made.sharing.add("ana")
    return made


def event(
    kind: str, *, uid: str = "U1", how: str = "h-e", more: str = "", **fields: Any
) -> CotEvent:
    base = CotEvent(
        uid=uid, type=kind, how=how, t_ns=T_NS, t_start_ns=T_NS, t_stale_ns=T_NS + 60 * S,
        lat_deg=LAT + 0.01, lon_deg=LON,
    )  # fmt: skip
    got = parse(render(replace(base, **fields), more))
    assert isinstance(got, CotEvent)
    return got


def chat(text: str, message_id: str = "m1") -> CotEvent:
    said = {"chatroom": "vigia", "id": "vigia.desk", "messageId": message_id, "senderCallsign": "A"}
    return event("b-t-f", uid=f"GeoChat.{message_id}", remarks=text, more=element("__chat", said),
                 dests=(Dest(callsign="vigia"),))  # fmt: skip


def hear(
    what: CotEvent, who: Who = ANA, on: Ear | None = None, mine: Position | None = MINE
) -> Heard:
    return (on or ear()).hear(what, who, own=True, mine=mine, t_ns=T_NS + S)


def pli(callsign: str = "EAGLE") -> CotEvent:
    return event("a-f-G-U-C", how="m-g", more=element(
        "contact", {"callsign": callsign, "endpoint": "*:-1:stcp"}))  # fmt: skip


def test_a_position_counts_only_with_consent_and_only_of_whom_the_certificate_proves() -> None:
    moved = hear(pli()).bodies[0]
    assert isinstance(moved, PersonMoved)
    assert moved.person_id == "ana"
    silent = ear()
    silent.sharing.clear()
    assert hear(pli(), on=silent).bodies == []
    assert hear(pli(), STRANGER).bodies == [], "a name is a claim"
    mapped = hear(pli(), STRANGER, ear({"EAGLE": "ben"})).bodies[0]
    assert isinstance(mapped, PersonMoved)
    assert mapped.person_id == "ben"
    assert hear(pli(), ANA, ear({"EAGLE": "ben"})).bodies[0].person_id == "ana"
    other = ear().hear(pli(), ANA, own=False, mine=None, t_ns=T_NS)
    assert other.bodies == [], "another uid on her connection is not she"


def test_positions_are_told_on_at_most_every_two_seconds() -> None:
    one = ear()
    told = [
        len(one.hear(pli(), ANA, own=True, mine=None, t_ns=T_NS + k * S).bodies) for k in range(5)
    ]
    assert told == [1, 0, 1, 0, 1]


def test_she_says_by_chat_whether_her_position_is_used() -> None:
    one = ear()
    assert hear(chat("position off"), on=one).reply == "tak.sharing_off"
    assert hear(pli(), on=one).bodies == []
    assert hear(chat("Posición sí"), on=one).reply == "tak.sharing_on"
    assert hear(pli(), on=one).bodies != []
    assert hear(chat("position off"), STRANGER, on=one).reply == "text.reply.none"


@pytest.mark.parametrize(
    ("kind", "want"), [("b-t-f-d", AckKind.DELIVERED), ("b-t-f-r", AckKind.SEEN)]
)
def test_a_receipt_of_her_own_alert_is_her_answer(kind: str, want: AckKind) -> None:
    receipt = event(kind, more=element("__chatreceipt", {"messageId": "a9.2"}))
    got = hear(receipt).bodies[0]
    assert isinstance(got, Acknowledged)
    assert (got.kind, got.revision, got.person_id, got.device_id) == (want, 2, "ana", "dev-a")
    assert hear(receipt, STRANGER).bodies == []
    assert hear(receipt, replace(ANA, person_id="ben")).bodies == []
    for name in ("a9", "a9.x", "zz.1", "a9.999999999999", ""):
        assert hear(event(kind, more=element("__chatreceipt", {"messageId": name}))).bodies == []


def test_in_cover_by_chat_answers_her_open_alerts() -> None:
    for words in ("I'm in cover", "A CUBIERTO!"):
        got = hear(chat(words)).bodies[0]
        assert isinstance(got, Acknowledged)
        assert (got.kind, got.alert_id) == (AckKind.SAFE, "a9")


def test_a_chat_report_is_a_sighting_and_says_what_was_understood() -> None:
    found = hear(chat("drone to the south coming at us"))
    sighting, word = found.bodies
    assert isinstance(sighting, Sighting)
    assert (sighting.via, sighting.person_id, sighting.position) == (Via.TAK, "ana", MINE)
    assert isinstance(word, WordReceived)
    assert word.report_id == sighting.report_id
    assert found.reply == "text.reply.counted"
    again = hear(chat("drone to the south coming at us")).bodies[0]
    assert again == sighting, "a message sent twice is one report"
    weak = hear(chat("drone over post 12"), STRANGER).bodies[0]
    assert isinstance(weak, Sighting)
    assert (weak.via, weak.person_id) == (Via.TEXT, None)


def test_a_chat_that_is_no_report_waits_at_the_desk_and_one_not_for_us_is_left_alone() -> None:
    found = hear(chat("send water"))
    assert [type(b) for b in found.bodies] == [WordReceived]
    room = event(
        "b-t-f", remarks="drone over post 12", more=element("__chat", {"id": "All Chat Rooms"})
    )
    assert hear(room) == Heard()


def test_an_attack_by_chat_warns_at_once_when_the_certificate_proves_who_says_so() -> None:
    got = hear(chat("attack here")).bodies[0]
    assert isinstance(got, AttackReported)
    assert (got.via, got.person_id) == (Via.TAK, "ana")


def test_a_drone_placed_on_the_map_is_a_direction_from_where_she_stands() -> None:
    got = hear(event("a-h-A-M-H-Q", remarks="carrying a package"))
    sighting = got.bodies[0]
    assert isinstance(sighting, Sighting)
    assert sighting.position == MINE
    assert sighting.bearing is not None
    assert abs((sighting.bearing.azimuth_deg_true + 180) % 360 - 180) < 0.1
    assert sighting.load is True
    nowhere = hear(event("a-u-A-M-F-Q"), mine=None).bodies[0]
    assert isinstance(nowhere, Sighting)
    assert nowhere.bearing is None
    assert nowhere.position == Position(LAT + 0.01, LON)


def test_marks_that_are_no_reports_are_left_alone() -> None:
    for kind in ("a-f-A-M-H-Q", "a-n-A-M-H-Q", "a-h-G-U-C", "a-u-A-C-F", "b-m-p-s-m", "u-d-f"):
        assert hear(event(kind)).bodies == [], kind
    assert hear(event("a-h-A-M-H-Q", how="m-g")).bodies == [], "a machine's track is no sighting"
    assert hear(event("a-h-A-M-H-Q", remarks="no drone, a bird")).bodies == []
    spot = hear(event("b-m-p-s-m", callsign="drone hovering")).bodies[0]
    assert isinstance(spot, Sighting)


def test_a_mark_that_is_deleted_is_withdrawn_by_its_author_only() -> None:
    one = ear()
    made = hear(event("a-h-A-M-H-Q", uid="M1"), on=one).bodies[0]
    assert hear(event("a-h-A-M-H-Q", uid="M1"), on=one).bodies == [], "sent again, it is the same"
    gone = event("t-x-d-d", uid="x", more=element("link", {"uid": "M1"}))
    assert hear(gone, STRANGER, one).bodies == []
    back = hear(gone, on=one).bodies[0]
    assert isinstance(back, Sighting)
    assert isinstance(made, Sighting)
    assert back == replace(made, withdrawn=True)


def test_an_emergency_goes_to_the_desk_once_and_warns_nobody_by_itself() -> None:
    one = ear()
    call = event("b-a-o-tbl", uid="E1", emergency=Emergency.ALERT_911, callsign="Ana")
    (word,) = hear(call, on=one).bodies
    assert isinstance(word, WordReceived)
    assert (word.kind, word.person_id) == (WordKind.EMERGENCY, "ana")
    assert word.text.startswith("911 Alert")
    assert hear(call, on=one).bodies == [], "ATAK repeats it every few seconds"
    over = event("b-a-o-can", uid="E1", emergency=Emergency.CANCEL, callsign="Ana")
    assert hear(over, on=one).bodies[0].text.startswith("Cancel")


def test_in_contact_with_a_drone_that_attacks_is_an_attack_and_its_cancel_takes_it_back() -> None:
    one = ear()
    call = event(
        "b-a-o-opn", uid="E2", emergency=Emergency.IN_CONTACT, remarks="drone dropped a bomb"
    )
    attack, word = hear(call, on=one).bodies
    assert isinstance(attack, AttackReported)
    assert isinstance(word, WordReceived)
    assert word.report_id == attack.report_id
    assert not any(isinstance(b, AttackReported) for b in hear(call, STRANGER).bodies)
    over = event("b-a-o-can", uid="E2", emergency=Emergency.CANCEL)
    back = hear(over, on=one).bodies[0]
    assert isinstance(back, AttackReported)
    assert back.withdrawn


def test_a_casevac_goes_to_the_desk_with_what_it_says() -> None:
    nine = element("_medevac_", {"title": "MED.1", "urgent": "2", "security": "1"})
    word = hear(event("b-r-f-h-c", more=nine)).bodies[0]
    assert isinstance(word, WordReceived)
    assert word.kind is WordKind.CASEVAC
    assert "urgent=2" in word.text


def test_a_clock_ahead_of_ours_is_not_believed() -> None:
    ahead = replace(pli(), t_ns=T_NS + 100 * S)
    assert hear(ahead).bodies[0].t_obs_ns == T_NS + S


@pytest.mark.corpus
def test_nothing_in_the_packages_of_others_breaks_the_ear() -> None:
    import zipfile

    seen = 0
    for path in sorted(Path(corpus("cot/node-cot/packages")).glob("*.zip")):
        with zipfile.ZipFile(path) as zipped:
            for name in zipped.namelist():
                if not name.endswith((".cot", ".xml")) or "MANIFEST" in name.upper():
                    continue
                got = parse(zipped.read(name))
                if isinstance(got, CotEvent):
                    seen += 1
                    hear(got)
    assert seen >= 2


def test_it_costs_next_to_nothing() -> None:
    one, what = ear(), event("a-h-A-M-H-Q", how="m-g")
    begin = time.process_time()
    for _ in range(2_000):
        one.hear(what, STRANGER, own=False, mine=None, t_ns=T_NS)
    assert time.process_time() - begin < 0.5
