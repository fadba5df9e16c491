"""An alert -> the words that leave the site: action, direction, time. Phones and radios are
overheard, so never a place, a distance or a name."""

from __future__ import annotations

from datetime import UTC, datetime

from vigia.events import Alert
from vigia.run.catalogue import words_of
from vigia.terms import Lang, Mark, MsgType

SPARSE_MAX = 160  # characters: one text message


def sparse_text(alert: Alert, lang: Lang) -> str:
    """ "TAKE COVER. From the south-west, as soon as 0:20. 14:03:20Z", drills marked first."""
    words = words_of(lang)
    parts: list[str] = []
    if alert.mark is not Mark.ACTUAL:
        parts.append(f"{words[f'alert.mark.{alert.mark.value}']}.")
    parts.append(f"{words.get(f'alert.action.{alert.action}', alert.action)}.")
    if alert.msg_type is MsgType.CANCEL:
        reason = "expired" if alert.end_reason is None else alert.end_reason.value
        parts.append(words.get(f"alert.end.{reason}", reason))
    else:
        where = words["alert.from_unknown"]
        if alert.from_point is not None:
            point = words[f"alert.point.{alert.from_point}"]
            where = words["alert.from"].replace("{point}", point)
        parts.append(f"{where}, {_when(alert, words)}.")
    parts.append(f"{datetime.fromtimestamp(alert.t_decided_ns // 10**9, tz=UTC):%H:%M:%SZ}")
    return " ".join(parts)[:SPARSE_MAX]


def title(alert: Alert, lang: Lang) -> str:
    words = words_of(lang)
    action = words.get(f"alert.action.{alert.action}", alert.action)
    if alert.mark is Mark.ACTUAL:
        return action
    return f"{words[f'alert.mark.{alert.mark.value}']}: {action}"


def _when(alert: Alert, words: dict[str, str]) -> str:
    """From the moment of the decision, which is in the text too: it may be read later."""
    if alert.t_earliest_ns is None:
        return words["alert.time_unknown"]
    left_s = (alert.t_earliest_ns - alert.t_decided_ns) // 10**9
    if left_s <= 0:
        return words["alert.may_be_here"]
    return words["alert.as_soon_as_time"].replace("{time}", f"{left_s // 60}:{left_s % 60:02d}")
