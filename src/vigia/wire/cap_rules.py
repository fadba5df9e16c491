"""The structure of CAP 1.2: which elements, in which order, how many, with which values.

After section 3.2 of the OASIS standard "Common Alerting Protocol Version 1.2" (2010). Its schema is
not in the package; tests hold it against this table, on samples and on thousands of mutations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from vigia.wire.xml_guard import Element

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MANY = 1_000_000

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
RESPONSES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([-+])([0-9]{2}):([0-9]{2})"
)
_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_SPACE = " \t\r\n"

Check: TypeAlias = Callable[[str], "str | None"]  # of a value -> what it should be, None: good


class Rule(NamedTuple):
    """One element of a sequence. inside: what it holds, a check of its text or more elements."""

    name: str
    least: int
    most: int
    inside: Check | tuple[Rule, ...]


def cap_time(text: str) -> datetime | None:
    """A time with its offset; None when it is no time as CAP writes them."""
    found = _TIME.fullmatch(text.strip(_SPACE))
    if found is None:
        return None
    year, month, day, hour, minute, second, off_h, off_m = (
        int(found[i]) for i in (1, 2, 3, 4, 5, 6, 8, 9)
    )
    if off_h * 60 + off_m > 14 * 60 or off_m > 59:
        return None
    offset = timedelta(hours=off_h, minutes=off_m) * (-1 if found[7] == "-" else 1)
    midnight = (hour, minute, second) == (24, 0, 0)  # ISO 8601 lets a day end with it
    try:
        at = datetime(
            year, month, day, 0 if midnight else hour, minute, second, tzinfo=timezone(offset)
        )
        at = at + timedelta(days=1) if midnight else at
        at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at


def _any(_text: str) -> str | None:
    return None


def _one_of(*words: str) -> Check:
    return lambda text: None if text in words else f"one of {', '.join(words)}"


def _matches(pattern: re.Pattern[str], what: str) -> Check:
    return lambda text: None if pattern.fullmatch(text.strip(_SPACE)) else what


def _time(text: str) -> str | None:
    return None if cap_time(text) else "a time such as 2026-11-27T18:00:00-07:00"


_PAIR = (Rule("valueName", 1, 1, _any), Rule("value", 1, 1, _any))
_RESOURCE = (
    Rule("resourceDesc", 1, 1, _any),
    Rule("mimeType", 1, 1, _any),
    Rule("size", 0, 1, _matches(_INTEGER, "a whole number")),
    Rule("uri", 0, 1, _any),
    Rule("derefUri", 0, 1, _any),
    Rule("digest", 0, 1, _any),
)
_AREA = (
    Rule("areaDesc", 1, 1, _any),
    Rule("polygon", 0, MANY, _any),
    Rule("circle", 0, MANY, _any),
    Rule("geocode", 0, MANY, _PAIR),
    Rule("altitude", 0, 1, _matches(_DECIMAL, "a number")),
    Rule("ceiling", 0, 1, _matches(_DECIMAL, "a number")),
)
_INFO = (
    Rule("language", 0, 1, _matches(_LANGUAGE, "a language such as en-US")),
    Rule("category", 1, MANY, _one_of(*CATEGORIES)),
    Rule("event", 1, 1, _any),
    Rule("responseType", 0, MANY, _one_of(*RESPONSES)),
    Rule("urgency", 1, 1, _one_of(*URGENCIES)),
    Rule("severity", 1, 1, _one_of(*SEVERITIES)),
    Rule("certainty", 1, 1, _one_of(*CERTAINTIES)),
    Rule("audience", 0, 1, _any),
    Rule("eventCode", 0, MANY, _PAIR),
    Rule("effective", 0, 1, _time),
    Rule("onset", 0, 1, _time),
    Rule("expires", 0, 1, _time),
    Rule("senderName", 0, 1, _any),
    Rule("headline", 0, 1, _any),
    Rule("description", 0, 1, _any),
    Rule("instruction", 0, 1, _any),
    Rule("web", 0, 1, _any),
    Rule("contact", 0, 1, _any),
    Rule("parameter", 0, MANY, _PAIR),
    Rule("resource", 0, MANY, _RESOURCE),
    Rule("area", 0, MANY, _AREA),
)
_ALERT = (
    Rule("identifier", 1, 1, _any),
    Rule("sender", 1, 1, _any),
    Rule("sent", 1, 1, _time),
    Rule("status", 1, 1, _one_of(*STATUSES)),
    Rule("msgType", 1, 1, _one_of(*MSG_TYPES)),
    Rule("source", 0, 1, _any),
    Rule("scope", 1, 1, _one_of(*SCOPES)),
    Rule("restriction", 0, 1, _any),
    Rule("addresses", 0, 1, _any),
    Rule("code", 0, MANY, _any),
    Rule("note", 0, 1, _any),
    Rule("references", 0, 1, _any),
    Rule("incidents", 0, 1, _any),
    Rule("info", 0, MANY, _INFO),
)


def fault_of(root: Element) -> str | None:
    """What breaks the structure first: where, got, need. None: it is a CAP 1.2 alert."""
    if root.tag != f"{{{CAP}}}alert":
        return f"alert: got {root.tag}; need alert of {CAP}"
    return _sequence(root, _ALERT, "alert", signature=True)


def _sequence(
    parent: Element, rules: tuple[Rule, ...], where: str, *, signature: bool = False
) -> str | None:
    loose = _bare(parent, where) or _blank(parent, where)
    if loose is not None:
        return loose
    children = list(parent)
    at = 0
    for rule in rules:
        tag, count = f"{{{CAP}}}{rule.name}", 0
        while at < len(children) and children[at].tag == tag and count < rule.most:
            count += 1
            wrong = _element(children[at], rule, f"{where}/{rule.name}")
            if wrong is not None:
                return wrong
            at += 1
        if count < rule.least:
            got = "nothing" if at == len(children) else _local(children[at])
            return f"{where}: got {got}; need {rule.name}"
    while signature and at < len(children) and str(children[at].tag).startswith(f"{{{DSIG}}}"):
        at += 1
    if at < len(children):
        return f"{where}: got {_local(children[at])}, which may not stand there"
    return None


def _element(element: Element, rule: Rule, where: str) -> str | None:
    if not callable(rule.inside):
        return _sequence(element, rule.inside, where)
    if len(element):
        return f"{where}: got {_local(element[0])} inside; need text"
    wrong = _bare(element, where)
    if wrong is not None:
        return wrong
    text = element.text or ""
    need = rule.inside(text)
    return None if need is None else f"{where}: got {text[:40]!r}; need {need}"


def _bare(element: Element, where: str) -> str | None:
    """CAP has no attributes; a schema's location may be named."""
    for name in element.attrib:
        if str(name) not in (f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation"):
            return f"{where}: got the attribute {str(name)[:60]}; need none"
    return None


def _blank(parent: Element, where: str) -> str | None:
    for text in (parent.text, *(child.tail for child in parent)):
        if text is not None and text.strip(_SPACE):
            return f"{where}: got {text.strip()[:40]!r} between elements; need elements only"
    return None


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2][:60]
