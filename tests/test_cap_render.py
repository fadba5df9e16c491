"""An alert of a post as CAP: valid, bilingual, coarse, and never taken for an all clear."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from lxml import etree

from corpus import corpus
from test_push_render import S_NS, T_NS, an_alert
from vigia.alert.words import alert_text
from vigia.delivery.channels.cap import CapSite, identifier, post_area, render
from vigia.events import Alert, Post
from vigia.geo import Site
from vigia.run.catalogue import words_of
from vigia.terms import EndReason, Lang, Mark, MsgType, Position, Tier
from vigia.wire.cap import CapMessage, Reference, to_bytes, to_xml

WORDS = {lang: words_of(lang) for lang in (Lang.EN, Lang.ES)}
POST = Post(post_id="12", name="Post 12", position=Position(31.7912, -106.7549), radius_m=30.0)
SITE = CapSite(sender="watch@agency.example", sender_name="Sector 4", offset_min=-420)
EARLIER = (Reference("watch@agency.example", "vigia.a.1", "2027-01-15T01:00:00-07:00"),)


def post_alert(**changes: Any) -> Alert:
    of_post = {"target_id": "post/12", "person_id": None, "msg_type": MsgType.ALERT}
    return an_alert(**(of_post | changes))


def texts(alert: Alert) -> dict[Lang, str]:
    return {
        lang: alert_text(alert, words, target="Post 12", t_ns=alert.t_decided_ns)
        for lang, words in WORDS.items()
    }


def cap_of(alert: Alert, earlier: tuple[Reference, ...] = ()) -> CapMessage:
    area = post_area(POST, danger_radius_m=50.0)
    found = render(
        alert, site=SITE, words=WORDS, texts=texts(alert), target="Post 12", area=area,
        earlier=earlier,
    )  # fmt: skip
    assert found is not None
    return found


@pytest.mark.parametrize("mark", Mark)
@pytest.mark.parametrize("tier", [Tier.WATCH, Tier.WARNING, Tier.DANGER])
def test_every_alert_is_valid_by_both_schemas(mark: Mark, tier: Tier) -> None:
    data = to_bytes(to_xml(cap_of(post_alert(mark=mark, tier=tier))))
    for name in ("cap12.xsd", "cap12_extended.xsd"):
        schema = etree.XMLSchema(etree.parse(str(corpus(f"cap/xsd/{name}"))))
        schema.assertValid(etree.fromstring(data))


@pytest.mark.parametrize("reason", EndReason)
def test_every_end_is_valid_and_only_a_persons_word_is_an_all_clear(reason: EndReason) -> None:
    action = {"all_clear": "all_clear", "departed": "departed"}.get(
        reason.value, "not_confirmed_gone"
    )
    cap = cap_of(post_alert(msg_type=MsgType.CANCEL, end_reason=reason, action=action), EARLIER)
    schema = etree.XMLSchema(etree.parse(str(corpus("cap/xsd/cap12.xsd"))))
    schema.assertValid(to_xml(cap))
    responses = {r for info in cap.infos for r in info.responses}
    assert ("AllClear" in responses) == (reason is EndReason.ALL_CLEAR)


@pytest.mark.parametrize("reason", [EndReason.EXPIRED, EndReason.UNKNOWN_AFTER_RESTART])
def test_an_expiry_is_an_update_that_says_stay_in_cover(reason: EndReason) -> None:
    alert = post_alert(msg_type=MsgType.CANCEL, end_reason=reason, action="not_confirmed_gone")
    cap = cap_of(alert, EARLIER)
    assert cap.msg_type == "Update"
    for info in cap.infos:
        assert info.responses == ("Shelter",)
        assert (info.urgency, info.severity, info.certainty) == ("Unknown", "Unknown", "Unknown")


def test_what_is_not_real_is_exercise_and_says_so_in_both_languages() -> None:
    cap = cap_of(post_alert(mark=Mark.DEMO))
    assert cap.status == "Exercise"
    assert cap.note is not None
    for info, word in zip(cap.infos, ("DEMO", "DEMO"), strict=True):
        assert (info.headline or "").startswith(word)
    assert cap_of(post_alert(mark=Mark.ACTUAL)).status == "Actual"


def test_english_and_spanish_say_the_same_times_and_grades() -> None:
    english, spanish = cap_of(post_alert(confirmed=True)).infos
    assert (english.language, spanish.language) == ("en-US", "es-US")
    assert (english.urgency, english.severity, english.certainty) == (
        "Immediate", "Extreme", "Observed",
    )  # fmt: skip
    assert english.expires == spanish.expires == "2027-01-15T01:03:00-07:00"
    assert english.onset == spanish.onset == "2027-01-15T01:00:50-07:00"
    assert "TAKE COVER" in (english.headline or "")
    assert english.description != spanish.description
    assert "Post 12" in (spanish.description or "")


def test_it_is_restricted_and_says_to_whom() -> None:
    cap = cap_of(post_alert())
    assert cap.scope == "Restricted"
    assert "Not for the public" in (cap.restriction or "")
    assert "No para el público" in (cap.restriction or "")


def test_the_place_is_coarse_and_holds_the_post_and_its_danger_radius() -> None:
    for lat, lon in (
        (31.7912, -106.7549),
        (31.7949, -106.7551),
        (-33.0051, 170.0049),
        (70.0, 20.0),
    ):
        post = msgspec.structs.replace(POST, position=Position(lat, lon))
        (circle,) = post_area(post, danger_radius_m=50.0).circles
        assert circle.lat_deg == round(circle.lat_deg, 2)
        assert circle.lon_deg == round(circle.lon_deg, 2)
        site = Site(lat_deg=circle.lat_deg, lon_deg=circle.lon_deg, alt_hae_m=0.0)
        at = site.to_enu(lat_deg=lat, lon_deg=lon, alt_hae_m=0.0)
        assert math.hypot(at[0], at[1]) + 80.0 <= circle.radius_km * 1_000.0


def test_nothing_of_a_person_a_track_or_a_sensor_leaves() -> None:
    assert (
        render(an_alert(), site=SITE, words=WORDS, texts={}, target="x", area=None) is None
    )  # a person's alert
    text = to_bytes(to_xml(cap_of(post_alert(sources=("sensor/radar-7/radar",))))).decode()
    for secret in ("track-of", "officer-7", "a4471", "231", "radar-7", "31.7912", "106.7549"):
        assert secret not in text


def test_an_update_names_what_it_replaces_and_a_first_word_is_an_alert() -> None:
    first = cap_of(post_alert(revision=3, msg_type=MsgType.UPDATE))
    assert (first.msg_type, first.references) == ("Alert", ())
    then = cap_of(post_alert(revision=4, msg_type=MsgType.UPDATE), (first.reference(),))
    assert (then.msg_type, then.references) == ("Update", (first.reference(),))
    ended = post_alert(revision=5, msg_type=MsgType.CANCEL, end_reason=EndReason.ALL_CLEAR)
    assert cap_of(ended, (then.reference(),)).msg_type == "Cancel"
    assert render(ended, site=SITE, words=WORDS, texts={}, target="x", area=None) is None


def test_the_same_revision_has_the_same_identifier_and_bytes() -> None:
    alert = post_alert()
    assert identifier(alert) == "vigia.0123456789abcdef.2"
    assert to_bytes(to_xml(cap_of(alert))) == to_bytes(to_xml(cap_of(alert)))
    assert cap_of(alert).t_sent_ns == T_NS // S_NS * S_NS
