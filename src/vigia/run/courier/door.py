"""What a channel's library has to be for the courier: one class with `send`, nothing else.

A new channel is one module in run/courier/ with a Sender and a line in senders.SENDERS. The courier
does the rest: the outbox on disk, order, retries, rates, timeouts, and the words. A sender that
hangs, raises or lies delays its own channel only.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

import msgspec

from vigia.events import Alert, Post
from vigia.terms import Channel, Lang, Mark

ADDRESS_MAX = 4_096  # characters; a push subscription is the longest


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One alert revision for one address. At-least-once: a job may come again after a crash or a
    timeout, so a receiver that can is given delivery_id to tell that it has it already."""

    delivery_id: str  # "<alert>.<revision>.<channel>": the same for each attempt
    alert: Alert
    address: str  # opaque to the core: a topic, a number, a subscription; "" on a place's channel
    lang: Lang
    words: str  # ready to be read: action and direction only, never where somebody is
    place: str = ""  # name of the post; "" when the alert is a person's
    device_id: str = ""  # whose address it is, where the device is known (push)


class Result(Enum):
    OK = "ok"  # the channel took it
    RETRY = "retry"  # it may take it later
    REFUSED = "refused"  # it never will
    GONE = "gone"  # nor anything else for this address: it is forgotten


class Receipt(msgspec.Struct, frozen=True):
    """why: for people, without address or secret."""

    result: Result
    why: str = ""
    retry_after_s: float | None = None  # as the receiver asks


class Sender(Protocol):
    """One for each `[channels.NAME]`. One task calls it, never twice at a time.

    send: at most Retry.batch jobs, the most endangered first -> as many receipts, in order.
    Whatever it raises counts as RETRY for all of them; what takes longer than Retry.timeout_s is
    cancelled and counts so too. A sender may also have `probe` (probe.py).
    close: what is open is closed; it may not wait.
    """

    channel: Channel

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]: ...
    async def close(self) -> None: ...


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender may know of the site. folder: the data folder; keys belong in folder/keys."""

    folder: Path
    site_name: str
    mode: Mark
    base_url: str  # of the pages, as people reach them; "" where nobody said
    posts: tuple[Post, ...] = ()
