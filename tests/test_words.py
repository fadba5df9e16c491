"""The words of alerts: complete, short, in both languages, drills marked; and the mesh form."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vigia.alert.mesh import CODES, FORM_MAX, SECONDS_MAX, mesh_form, parse_mesh
from vigia.alert.words import TEXT_MAX, alert_text, cover_text
from vigia.alert.write import ACTIONS, END_ACTIONS
from vigia.alert_terms import DroneClass, Watched
from vigia.events import Alert, ClassCover, CoverTold, Grounds
from vigia.geo import compass_point
from vigia.run.catalogue import load_words
from vigia.terms import EndReason, Lang, Mark, MsgType, Tier

S = 1_000_000_000
T0 = 1_767_225_600 * S
WORDS = {lang: load_words(lang) for lang in Lang}
ALERT = Alert(
    alert_id="a1", revision=1, msg_type=MsgType.ALERT, incident_id="i", target_id="post/12",
    person_id=None, tier=Tier.DANGER, mark=Mark.ACTUAL, action="take_cover", sound=True,
    t_cause_ns=T0, t_decided_ns=T0, t_expires_ns=T0 + 180 * S, track_ids=("t",),
    track_numbers=(41,), confirmed=True, p_hit=0.5, t_earliest_ns=T0 + 20 * S,
    bearing_deg_true=225.0, from_point="sw", range_m=700.0, sources=("sensor/radar", "person"),
    grounds=Grounds(rule="arrives"),
)  # fmt: skip


def text(alert: Alert = ALERT, lang: Lang = Lang.EN, **more: object) -> str:
    return alert_text(alert, WORDS[lang], target="Post 12", t_ns=T0, **more)


def test_action_first_then_where_how_far_how_long_who_and_what_to_do() -> None:
    assert text() == (
        "TAKE COVER. Drone heading for Post 12. From the south-west, 700 m away, as soon as 0:20. "
        "Reported by radar and people. Get under hard cover now. 00:00:00Z"
    )


def test_in_spanish_from_the_same_keys() -> None:
    assert text(lang=Lang.ES).startswith("CÚBRASE. Dron hacia Post 12. ")


def test_a_reader_whose_facing_is_known_is_told_both() -> None:
    assert "From behind right, south-west, 700 m" in text(facing_deg=90.0)


@pytest.mark.parametrize("mark", [Mark.EXERCISE, Mark.DEMO])
@pytest.mark.parametrize("lang", Lang)
def test_a_drill_says_so_before_anything_else(mark: Mark, lang: Lang) -> None:
    drill = text(replace(ALERT, mark=mark), lang)
    assert drill.startswith(WORDS[lang][f"alert.mark.{mark.value}"])
    assert WORDS[lang][f"alert.mark_note.{mark.value}"] in drill


def test_no_time_is_told_when_there_is_none_and_never_a_negative_one() -> None:
    assert "may be here now" in text(replace(ALERT, t_earliest_ns=T0 - 5 * S))
    assert "time not known" in text(replace(ALERT, t_earliest_ns=None))


def test_a_lost_drone_reads_lost_not_confirmed_gone_stay_in_cover() -> None:
    lost = replace(ALERT, action="stay_in_cover", grounds=Grounds(rule="lost"), t_earliest_ns=None)
    assert "not confirmed gone." in text(lost)
    assert "Stay in cover." in text(lost)
    end = replace(
        ALERT,
        msg_type=MsgType.CANCEL,
        action="not_confirmed_gone",
        end_reason=EndReason.EXPIRED,
    )
    assert "Drone lost, not confirmed gone. Stay in cover." in text(end)


def test_an_all_clear_names_its_author() -> None:
    end = replace(
        ALERT, msg_type=MsgType.CANCEL, action="all_clear", end_reason=EndReason.ALL_CLEAR
    )
    assert "Dana Holt" in text(end, by="Dana Holt")


def test_no_word_of_an_alert_says_safe() -> None:
    for lang, word in ((Lang.EN, "safe"), (Lang.ES, "a salvo"), (Lang.ES, "segur")):
        said = [v for k, v in WORDS[lang].items() if k.startswith(("alert.a", "alert.d", "text."))]
        assert not [v for v in said if word in v.lower().split()]


def test_every_action_and_end_has_words_and_a_mesh_code() -> None:
    for action in {*ACTIONS.values(), *END_ACTIONS.values(), "stay_in_cover", "drone_lost"}:
        assert action in CODES
        for words in WORDS.values():
            assert f"alert.action.{action}" in words
            assert f"alert.detail.{action}" in words
    for reason in EndReason:
        assert f"alert.end.{reason.value}" in WORDS[Lang.EN]


texts = st.builds(
    lambda **k: replace(ALERT, **k),
    msg_type=st.sampled_from(MsgType),
    tier=st.sampled_from([Tier.WATCH, Tier.WARNING, Tier.DANGER]),
    mark=st.sampled_from(Mark),
    action=st.sampled_from(sorted(CODES)),
    end_reason=st.sampled_from(EndReason),
    grounds=st.sampled_from(
        [None, *(Grounds(rule=r) for r in ("lost", "attack", "raised", "reversed", "held"))]
    ),
    confirmed=st.booleans(),
    load=st.booleans(),
    track_ids=st.just(("t",) * 50),
    track_numbers=st.just(tuple(range(50))),
    sources=st.just(("sensor/remote_id", "sensor/acoustic", "sensor/rf", "person")),
    range_m=st.one_of(st.none(), st.floats(0, 20_000)),
    bearing_deg_true=st.one_of(st.none(), st.floats(0, 359.9)),
    t_earliest_ns=st.one_of(st.none(), st.integers(T0 - 900 * S, T0 + 9_999 * S)),
)


@given(
    texts, st.sampled_from(Lang), st.text(max_size=200), st.one_of(st.none(), st.text(max_size=99))
)
def test_no_text_is_longer_than_360_characters(
    alert: Alert, lang: Lang, target: str, by: str | None
) -> None:
    if alert.bearing_deg_true is not None:
        alert = replace(alert, from_point=compass_point(alert.bearing_deg_true))
    said = alert_text(alert, WORDS[lang], target=target, t_ns=T0, facing_deg=180.0, by=by)
    assert 0 < len(said) <= TEXT_MAX


@given(texts, st.text(alphabet=string.printable + "áñ中", max_size=80))
def test_the_mesh_form_brings_action_mark_bearing_and_seconds_back(
    alert: Alert, target: str
) -> None:
    data = mesh_form(alert, target=target, t_ns=T0)
    assert len(data) <= FORM_MAX
    back = parse_mesh(data)
    assert (back.action, back.mark) == (alert.action, alert.mark)
    bearing = alert.bearing_deg_true
    assert back.bearing_deg_true == (None if bearing is None else round(bearing) % 360)
    if alert.t_earliest_ns is None:
        assert back.seconds is None
    else:
        assert back.seconds == min(max((alert.t_earliest_ns - T0) // S, 0), SECONDS_MAX)


def test_the_mesh_form_can_be_read_by_people() -> None:
    drill = replace(ALERT, mark=Mark.EXERCISE)
    assert mesh_form(ALERT, target="Post 12", t_ns=T0) == b"COVER 225 0020 Post 12"
    assert mesh_form(drill, target="Post 12", t_ns=T0) == b"DRILL COVER 225 0020 Post 12"


@given(st.binary(max_size=60))
def test_garbage_is_no_mesh_word(data: bytes) -> None:
    try:
        parse_mesh(data)
    except ValueError:
        return
    assert data.split(b" ")[0].decode() in {*CODES.values(), "DRILL", "DEMO"}


def cover(watched: Watched, *classes: ClassCover) -> CoverTold:
    return CoverTold(
        target_id="post/12", person_id=None, watched=watched, t_since_ns=T0, classes=classes
    )


def seen(drones: DroneClass, kind: str, *points: str) -> ClassCover:
    watched = Watched.WATCHED if points else Watched.LOST
    return ClassCover(drones=drones, watched=watched, points=points, kinds=(kind,))


ALL = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def test_calm_says_what_is_watched_and_what_is_not() -> None:
    rid = seen(DroneClass.BROADCASTING, "remote_id", *ALL)
    assert cover_text(cover(Watched.WATCHED, rid), WORDS[Lang.EN]) == (
        "No drone warning here. Watched here: broadcasting drones only. No radar here."
    )
    radar = seen(DroneClass.FLYING, "radar")
    partly = cover_text(cover(Watched.PARTLY, rid, radar), WORDS[Lang.EN])
    assert "Not working now: any drone in sight." in partly
    half = seen(DroneClass.FLYING, "radar", "n", "ne", "e")
    sides = cover_text(cover(Watched.PARTLY, half), WORDS[Lang.EN])
    assert "Nothing watches to the south-east, south, south-west, west and north-west." in sides


def test_what_is_blind_never_reads_as_calm() -> None:
    for lang in Lang:
        lost = cover_text(cover(Watched.LOST), WORDS[lang])
        assert WORDS[lang]["truth.watch_lost"] in lost
        assert WORDS[lang]["truth.none"] not in lost
        unproved = cover_text(cover(Watched.UNPROVED), WORDS[lang])
        assert WORDS[lang]["cover.unproved"] in unproved
