"""What a TAK server says about the connection itself: protocol offered, answered, alive, gone."""

from __future__ import annotations

from vigia.run.tak_server.item import DECLARATION, Item
from vigia.wire.cot import CotEvent, element, render

MINUTE_NS = 60_000_000_000


def offer(t_ns: int) -> bytes:
    """Protocol 1 beside XML; a client that does not know the word goes on in XML."""
    said = element("TakControl", {}, element("TakProtocolSupport", {"version": "1"}))
    return DECLARATION + _control("t-x-takp-v", "protouid", t_ns, said) + b"\n"


def response(t_ns: int, *, agreed: bool) -> bytes:
    status = "true" if agreed else "false"
    said = element("TakControl", {}, element("TakResponse", {"status": status}))
    return DECLARATION + _control("t-x-takp-r", "protouid", t_ns, said) + b"\n"


def pong(t_ns: int) -> Item:
    return Item.of(_control("t-x-c-t-r", "takPong", t_ns, ""))


def gone(uid: str, kind: str, t_ns: int) -> Item:
    """A client left: others show it as away at once, not when it is stale."""
    link = element("link", {"uid": uid, "type": kind, "relation": "p-p"})
    return Item.of(_control("t-x-d-d", f"vigia.gone.{uid}", t_ns, link))


def _control(kind: str, uid: str, t_ns: int, inner: str) -> bytes:
    event = CotEvent(
        uid=uid, type=kind, how="m-g", t_ns=t_ns, t_start_ns=t_ns, t_stale_ns=t_ns + MINUTE_NS
    )
    return render(event, inner)
