"""GeoChat as ATAK writes it: our words to one person or to all, and receipts of them.

A message of ours bears the identifier ALERT.REVISION, so that the client's own delivered and read
receipts (b-t-f-d, b-t-f-r) say which alert they answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vigia.run.tak_server.item import Item
from vigia.terms import AckKind
from vigia.wire.cot import CotEvent, Dest, element, render, text

if TYPE_CHECKING:
    from vigia.terms import Position

OWN_UID = "vigia.desk"
OWN_CALLSIGN = "vigia"
ALL = "All Chat Rooms"
DAY_NS = 86_400_000_000_000
CONTACT_NS = 120_000_000_000  # how long we are shown as there without a new word
RECEIPTS = {"b-t-f-d": AckKind.DELIVERED, "b-t-f-r": AckKind.SEEN}


class Said(NamedTuple):
    """A chat message of a client. to_us: addressed to vigia, not to the room of all."""

    message_id: str
    text: str
    to_us: bool
    sender_uid: str
    sender: str


def contact(position: Position, t_ns: int) -> Item:
    """Makes "vigia" somebody one can write to. Shown in the middle of the watched area."""
    event = CotEvent(
        uid=OWN_UID,
        type="a-f-G-U-C",
        how="h-g-i-g-o",
        t_ns=t_ns,
        t_start_ns=t_ns,
        t_stale_ns=t_ns + CONTACT_NS,
        lat_deg=position.lat_deg,
        lon_deg=position.lon_deg,
        alt_hae_m=position.alt_hae_m,
    )
    more = element("contact", {"callsign": OWN_CALLSIGN, "endpoint": "*:-1:stcp"})
    more += element("__group", {"name": "Dark Blue", "role": "HQ"})
    more += element("takv", {"device": "server", "platform": "vigia", "os": "", "version": "1"})
    return Item.of(render(event, more))


def message(words: str, *, message_id: str, uid: str, callsign: str, t_ns: int) -> Item:
    """To one client, or with callsign ALL to everybody."""
    all_of_them = callsign == ALL
    room = ALL if all_of_them else callsign
    there = ALL if all_of_them else uid
    event = CotEvent(
        uid=f"GeoChat.{OWN_UID}.{there}.{message_id}",
        type="b-t-f",
        how="h-g-i-g-o",
        t_ns=t_ns,
        t_start_ns=t_ns,
        t_stale_ns=t_ns + DAY_NS,
        dests=() if all_of_them else (Dest(callsign=callsign),),
    )
    group = element("chatgrp", {"uid0": OWN_UID, "uid1": there, "id": there})
    said = {
        "parent": "RootContactGroup",
        "groupOwner": "false",
        "messageId": message_id,
        "chatroom": room,
        "id": there,
        "senderCallsign": OWN_CALLSIGN,
    }
    more = element("__chat", said, group)
    more += element("link", {"uid": OWN_UID, "type": "a-f-G-U-C", "relation": "p-p"})
    source = {"source": f"BAO.F.ATAK.{OWN_UID}", "to": there}
    more += element("remarks", source, text(words))
    return Item.of(render(event, more))


def receipt_of(event: CotEvent) -> tuple[str, AckKind] | None:
    """Which message was delivered or read; None: it is no receipt."""
    kind = RECEIPTS.get(event.type)
    if kind is None:
        return None
    said = event.detail("__chatreceipt") or event.detail("__chat")
    return said.get("messageId") or event.uid, kind


def said_in(event: CotEvent) -> Said | None:
    """None: it is no chat message."""
    if event.type != "b-t-f" or event.remarks is None:
        return None
    chat = event.detail("__chat")
    to_us = (
        chat.get("id") == OWN_UID
        or chat.get("chatroom") == OWN_CALLSIGN
        or any(d.uid == OWN_UID or d.callsign == OWN_CALLSIGN for d in event.dests)
    )
    return Said(
        message_id=chat.get("messageId") or event.uid,
        text=event.remarks,
        to_us=to_us,
        sender_uid=event.detail("link").get("uid", ""),
        sender=chat.get("senderCallsign", ""),
    )
