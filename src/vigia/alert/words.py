"""An alert and the one catalogue -> the words people read.

Action first, then from where, how far, how long, who says so, what to do: source, hazard, location,
time and guidance are in every text, the drill's mark before all else, in at most TEXT_MAX
characters. Never "safe". Pages say the same from the same keys.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vigia.alert_terms import Watched
from vigia.geo import angle_diff_deg
from vigia.terms import Mark, MsgType, Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vigia.alert_terms import DroneClass
    from vigia.events import Alert, CoverTold

TEXT_MAX = 360  # characters
NAME_MAX = 40  # of a target or an author
SOURCES_MAX = 3
RELATIVE = (
    "ahead", "ahead_right", "right", "behind_right", "behind", "behind_left", "left", "ahead_left",
)  # fmt: skip
Words = dict[str, str]


def alert_text(
    alert: Alert,
    words: Mapping[str, str],
    *,
    target: str,
    t_ns: int,
    facing_deg: float | None = None,
    by: str | None = None,
) -> str:
    """target: name of the post or the person; facing_deg: where the reader looks, if known;
    by: name of the author, if a person said so. t_ns: now."""
    parts = [*_mark(alert.mark, words), f"{_say(words, f'alert.action.{alert.action}')}."]
    if alert.msg_type is MsgType.CANCEL:
        parts += _ending(alert, words, target=target, by=by)
    else:
        parts += [
            _hazard(alert, words, target),
            _where_and_when(alert, words, t_ns=t_ns, facing_deg=facing_deg),
            _source(alert, words, by),
            _say(words, f"text.do.{alert.action}"),
        ]
    parts.append(_clock(alert.t_decided_ns))
    text = " ".join(part for part in parts if part)
    assert len(text) <= TEXT_MAX, f"{len(text)} characters: shorten the catalogue"
    return text


def cover_text(cover: CoverTold, words: Mapping[str, str]) -> str:
    """Calm: what is watched here and what is not, and never that all is well."""
    if cover.watched is Watched.LOST:
        return _say(words, "cover.lost", time=_clock(cover.t_since_ns))
    if cover.watched in {Watched.NONE, Watched.UNPROVED}:
        return f"{_say(words, 'truth.none')}. {_say(words, f'cover.{cover.watched.value}')}"
    works = [c for c in cover.classes if c.points]
    lost = [c.drones for c in cover.classes if not c.points]
    seen = _say(words, "cover.only", list=_list([_class(c.drones, words) for c in works], words))
    parts = [f"{_say(words, 'truth.none')}.", seen]
    if not any("radar" in c.kinds for c in works):
        parts.append(_say(words, "cover.no_radar"))
    if lost:
        names = _list([_class(d, words) for d in lost], words)
        parts.append(_say(words, "cover.not_now", list=names))
    open_sides = _open_sides(cover)
    if open_sides:
        points = _list([_say(words, f"alert.point.{p}") for p in open_sides], words)
        parts.append(_say(words, "cover.open_sides", list=points))
    return " ".join(parts)


def relative_key(bearing_deg: float, facing_deg: float) -> str:
    """Where a direction is for somebody who faces another."""
    off = angle_diff_deg(bearing_deg, facing_deg) % 360.0
    return RELATIVE[int((off + 22.5) // 45.0) % 8]


def _mark(mark: Mark, words: Mapping[str, str]) -> list[str]:
    if mark is Mark.ACTUAL:
        return []
    note = _say(words, f"alert.mark_note.{mark.value}")
    return [f"{_say(words, f'alert.mark.{mark.value}')}. {note}"]


def _hazard(alert: Alert, words: Mapping[str, str], target: str) -> str:
    rule = "" if alert.grounds is None else alert.grounds.rule
    if rule == "lost":
        key = "lost"
    elif rule in {"attack", "raised", "reversed"}:
        key = rule
    elif not alert.confirmed:
        key = "possible"
    else:
        key = "heading" if alert.tier >= Tier.WARNING else "near"
    text = _say(words, f"text.{key}", target=target[:NAME_MAX])
    several = len(alert.track_numbers)
    more = [_say(words, "alert.drones", n=str(several)) + "."] if several > 1 else []
    load = [_say(words, "alert.load") + "."] if alert.load else []
    return " ".join([text, *more, *load])


def _where_and_when(
    alert: Alert, words: Mapping[str, str], *, t_ns: int, facing_deg: float | None
) -> str:
    parts: list[str] = []
    if alert.from_point is None or alert.bearing_deg_true is None:
        parts.append(_say(words, "alert.from_unknown"))
    else:
        point = _say(words, f"alert.point.{alert.from_point}")
        if facing_deg is None:
            parts.append(_say(words, "alert.from", point=point))
        else:
            key = f"alert.relative.{relative_key(alert.bearing_deg_true, facing_deg)}"
            relative = _say(words, key)
            parts.append(_say(words, "alert.from_relative", relative=relative, point=point))
    if alert.range_m is not None:
        parts.append(f"{_range(alert.range_m)} {_say(words, 'alert.away')}")
    parts.append(_when(alert, words, t_ns))
    return ", ".join(parts) + "."


def _when(alert: Alert, words: Mapping[str, str], t_ns: int) -> str:
    if alert.t_earliest_ns is None:
        return _say(words, "alert.time_unknown")
    left_s = int((alert.t_earliest_ns - t_ns) // 1_000_000_000)
    if left_s <= 0:
        return _say(words, "alert.may_be_here")
    return _say(words, "alert.as_soon_as_time", time=f"{left_s // 60}:{left_s % 60:02d}")


def _source(alert: Alert, words: Mapping[str, str], by: str | None) -> str:
    kinds = list(dict.fromkeys(s.rpartition("/")[2] for s in alert.sources))[:SOURCES_MAX]
    names = [words.get(f"alert.source.{k}", _say(words, "alert.source.other")) for k in kinds]
    if by is not None:
        names = [by[:NAME_MAX]]
    return _say(words, "alert.sources", list=_list(names, words)) + "." if names else ""


def _ending(alert: Alert, words: Mapping[str, str], *, target: str, by: str | None) -> list[str]:
    reason = "expired" if alert.end_reason is None else alert.end_reason.value
    said = [f"{target[:NAME_MAX]}:", _say(words, f"alert.end.{reason}")]
    if by is not None:
        time = _clock(alert.t_decided_ns)
        said.append(_say(words, "alert.end.by", name=by[:NAME_MAX], time=time) + ".")
    return said


def _open_sides(cover: CoverTold) -> list[str]:
    """Directions in which nothing that works would notice any drone."""
    seen = {p for c in cover.classes for p in c.points}
    return [p for p in ("n", "ne", "e", "se", "s", "sw", "w", "nw") if p not in seen]


def _class(drones: DroneClass, words: Mapping[str, str]) -> str:
    return _say(words, f"cover.class.{drones.value}")


def _list(names: list[str], words: Mapping[str, str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {_say(words, 'alert.and')} {names[-1]}"


def _range(range_m: float) -> str:
    return f"{range_m / 1000.0:.1f} km" if range_m >= 1000.0 else f"{round(range_m, -1):.0f} m"


def _clock(t_ns: int) -> str:
    return datetime.fromtimestamp(t_ns // 1_000_000_000, tz=UTC).strftime("%H:%M:%SZ")


def _say(words: Mapping[str, str], key: str, **fill: str) -> str:
    """A word missing from the catalogue must not stop a warning: its key says it too."""
    text = words.get(key, key)
    for name, value in fill.items():
        text = text.replace(f"{{{name}}}", value)
    return text
