"""An alert <-> one line of at most 40 bytes for a radio mesh, readable as it is on any radio.

    [DRILL ]ACTION BEARING SECONDS TARGET       DRILL COVER 225 0020 Post 12

BEARING: degrees true from the target to the drone, three digits, --- is unknown. SECONDS: until
the earliest arrival when it was sent, four digits, ---- is unknown. TARGET: as much of the name
as there is room for. ASCII; action, mark, bearing and seconds come back whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

from vigia.terms import Mark

if TYPE_CHECKING:
    from vigia.events import Alert

FORM_MAX = 40  # bytes
SECONDS_MAX = 9_999
CODES = {
    "take_cover": "COVER",
    "get_ready": "READY",
    "be_aware": "WATCH",
    "stay_in_cover": "STAY",
    "drone_lost": "LOST",
    "not_confirmed_gone": "UNSURE",
    "departed": "LEFT",
    "all_clear": "CLEAR",
    "false_alarm": "FALSE",
    "friendly": "KNOWN",
    "withdrawn": "UNDONE",
}
_ACTIONS = {code: action for action, code in CODES.items()}
MARKS = {Mark.ACTUAL: "", Mark.EXERCISE: "DRILL", Mark.DEMO: "DEMO"}
_MARK_OF = {word: mark for mark, word in MARKS.items() if word}


class MeshWord(NamedTuple):
    """bearing_deg_true: whole degrees. seconds: until the earliest arrival."""

    action: str
    mark: Mark
    bearing_deg_true: int | None
    seconds: int | None
    target: str


def mesh_form(alert: Alert, *, target: str, t_ns: int) -> bytes:
    """t_ns: when it is sent. Raises KeyError for an action that has no code (our fault)."""
    bearing = "---"
    if alert.bearing_deg_true is not None:
        bearing = f"{round(alert.bearing_deg_true) % 360:03d}"
    seconds = "----"
    if alert.t_earliest_ns is not None:
        left_s = (alert.t_earliest_ns - t_ns) // 1_000_000_000
        seconds = f"{min(max(left_s, 0), SECONDS_MAX):04d}"
    words = [MARKS[alert.mark], CODES[alert.action], bearing, seconds, _ascii(target)]
    return " ".join(w for w in words if w).encode()[:FORM_MAX].rstrip()


def parse_mesh(data: bytes) -> MeshWord:
    """Raises ValueError saying what is wrong."""
    if len(data) > FORM_MAX:
        raise ValueError(f"mesh: got {len(data)} bytes, need {FORM_MAX} at most")
    words = data.decode("ascii").split(" ", 1)
    mark = _MARK_OF.get(words[0], Mark.ACTUAL)
    rest = data.decode("ascii").split(" ")[0 if mark is Mark.ACTUAL else 1 :]
    if len(rest) < 3 or rest[0] not in _ACTIONS:
        raise ValueError(f"mesh: got {data!r}, need ACTION BEARING SECONDS")
    return MeshWord(
        _ACTIONS[rest[0]],
        mark,
        _number(rest[1], "bearing", 359),
        _number(rest[2], "seconds", SECONDS_MAX),
        " ".join(rest[3:]),
    )


def _number(text: str, what: str, most: int) -> int | None:
    if set(text) == {"-"}:
        return None
    if not (text.isdigit() and int(text) <= most):
        raise ValueError(f"mesh: {what}: got {text!r}, need 0 to {most} or dashes")
    return int(text)


def _ascii(name: str) -> str:
    """Printable ASCII with single spaces; other letters lose their marks or become "?"."""
    plain = normalize("NFKD", name)
    kept = "".join(c for c in plain if c.isascii() or c.isalnum())
    clean = "".join(c if c.isascii() and c.isprintable() else "?" for c in kept)
    return " ".join(clean.split())
