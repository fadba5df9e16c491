"""An alert as a push message: what it says, what it never says, how the service treats it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from vigia.delivery.channels.push import CANCEL_TTL_S, PAD_TO, TTL_MAX_S, PushText, render
from vigia.events import Alert
from vigia.terms import EndReason, Mark, MsgType, Tier
from vigia.wire.webpush import PLAIN_MAX

T_NS = 1_800_000_000_000_000_000
S_NS = 1_000_000_000


def an_alert(**changes: Any) -> Alert:
    fields: dict[str, Any] = {
        "alert_id": "0123456789abcdef",
        "revision": 2,
        "msg_type": MsgType.UPDATE,
        "incident_id": "i1",
        "target_id": "person/a4471",
        "person_id": "a4471",
        "tier": Tier.DANGER,
        "mark": Mark.EXERCISE,
        "action": "take_cover",
        "sound": True,
        "t_cause_ns": T_NS,
        "t_decided_ns": T_NS,
        "t_expires_ns": T_NS + 180 * S_NS,
        "t_earliest_ns": T_NS + 50 * S_NS,
        "track_ids": ("track-of-a-drone",),
        "track_numbers": (41,),
        "from_point": "sw",
        "bearing_deg_true": 231.4,
        "range_m": 1_273.9,
        "height_m": 94.0,
        "by_person_id": "officer-7",
        "load": True,
    }
    return Alert(**(fields | changes))


def text_of(alert: Alert) -> dict[str, Any]:
    return msgspec.json.decode(render(alert, t_ns=T_NS).plain)


def test_it_says_action_direction_tier_times_and_mark() -> None:
    said = text_of(an_alert())
    assert (said["action"], said["from_point"], said["tier"]) == ("take_cover", "sw", 3)
    assert (said["mark"], said["msg_type"], said["revision"]) == ("exercise", "update", 2)
    assert said["earliest_ms"] - said["decided_ms"] == 50_000
    assert said["expires_ms"] - said["decided_ms"] == 180_000


def test_it_names_nobody_and_no_place() -> None:
    plain = render(an_alert(), t_ns=T_NS).plain.decode()
    for secret in ("a4471", "officer-7", "track-of", "231", "1273", "i1", "94.0", "41"):
        assert secret not in plain.replace("0123456789abcdef", "")
    assert text_of(an_alert())["range_m"] == 1_200  # coarse, and never farther than it is


def test_every_field_is_known_to_the_reader() -> None:
    assert msgspec.json.decode(render(an_alert(), t_ns=T_NS).plain, type=PushText).load


def test_the_longest_text_still_fits_the_one_size_of_all_messages() -> None:
    longest = an_alert(action="stay_in_cover", end_reason=EndReason.UNKNOWN_AFTER_RESTART)
    longest = msgspec.structs.replace(longest, alert_id="a" * 64, revision=999_999, confirmed=True)
    assert len(render(longest, t_ns=T_NS).plain) <= PAD_TO <= PLAIN_MAX


def test_updates_replace_and_another_alert_does_not() -> None:
    first, second = render(an_alert(revision=1), t_ns=T_NS), render(an_alert(), t_ns=T_NS)
    assert first.topic == second.topic
    assert render(an_alert(alert_id="another"), t_ns=T_NS).topic != first.topic


@pytest.mark.parametrize(
    ("changes", "urgency", "ttl_s"),
    [
        ({}, "high", 180),
        ({"tier": Tier.WATCH}, "normal", 180),
        ({"t_expires_ns": T_NS - S_NS}, "high", 30),
        ({"t_expires_ns": T_NS + 3_600 * S_NS}, "high", TTL_MAX_S),
        ({"msg_type": MsgType.CANCEL, "tier": Tier.NONE}, "high", CANCEL_TTL_S),
    ],
)
def test_urgency_and_life_follow_the_tier_and_the_expiry(
    changes: dict[str, Any], urgency: str, ttl_s: int
) -> None:
    message = render(an_alert(**changes), t_ns=T_NS)
    assert (message.urgency, message.ttl_s) == (urgency, ttl_s)
