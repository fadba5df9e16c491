"""Sent CAP messages -> an Atom feed (RFC 4287) that other agencies' readers poll."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from vigia.wire.cap import time_text
from vigia.wire.cap_rules import cap_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vigia.wire.cap import CapMessage
    from vigia.wire.xml_guard import Element

ATOM = "http://www.w3.org/2005/Atom"
_NSMAP: Any = {None: ATOM}  # Any: the stub knows named prefixes only


def render_feed(messages: Sequence[CapMessage], *, name: str, base_url: str, t_ns: int) -> bytes:
    """messages: the newest first. t_ns: now, for a feed without any."""
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap=_NSMAP)
    address = f"{base_url}/cap/feed.atom"
    _add(feed, "id", address)
    _add(feed, "title", f"{name}: CAP")
    _add(feed, "updated", _time(messages[0].sent) if messages else _utc(t_ns))
    _link(feed, "self", address, "application/atom+xml")
    _add(etree.SubElement(feed, f"{{{ATOM}}}author"), "name", name)
    for message in messages:
        entry = etree.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "id", f"urn:cap:{message.sender}:{message.identifier}")
        headline = message.infos[0].headline if message.infos else None
        _add(entry, "title", f"{message.status} {message.msg_type}: {headline or ''}")
        _add(entry, "updated", _time(message.sent))
        _link(entry, "alternate", f"{base_url}/cap/{message.identifier}.xml", "application/cap+xml")
    return etree.tostring(feed, xml_declaration=True, encoding="UTF-8")


def _time(text: str) -> str:
    """RFC 3339 means "-00:00" otherwise than CAP does."""
    at = cap_time(text)
    return text if at is None else at.isoformat(timespec="seconds")


def _utc(t_ns: int) -> str:
    return _time(time_text(t_ns))


def _add(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def _link(parent: Element, rel: str, href: str, kind: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}link", rel=rel, href=href, type=kind)
