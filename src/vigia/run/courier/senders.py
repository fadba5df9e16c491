"""`[channels.NAME]` -> its sender. A new kind of channel is one line here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.door import Around, Job, Receipt, Result, Sender
from vigia.run.say import say
from vigia.terms import Channel

# A class or function of (name, entry, around). Loaded only where the settings ask for it.
SENDERS: dict[Channel, str] = {
    Channel.PUSH: "vigia.run.courier.push:make_push",
    Channel.CAP: "vigia.run.courier.cap:CapSender",
    Channel.NTFY: "vigia.run.courier.ntfy:Ntfy",
    Channel.WEBHOOK: "vigia.run.courier.webhook:Webhook",
    Channel.MQTT: "vigia.run.courier.mqtt:make_mqtt",
    Channel.SIREN: "vigia.run.courier.relay:Relay",
    Channel.SMS: "vigia.run.courier.texts:Texts",
    Channel.EMAIL: "vigia.run.courier.texts:Texts",
}


def make_sender(name: str, entry: ChannelEntry, around: Around) -> Sender:
    """A channel that cannot be made says why to every job; the others go on without it."""
    try:
        module, _, found = SENDERS[entry.kind].partition(":")
        return getattr(import_module(module), found)(name, entry, around)
    except Exception as e:  # noqa: BLE001 - plug-in boundary: whatever its library raises
        why = str(e) if isinstance(e, OSError | ValueError) else f"{type(e).__name__}: {e}"
        say(f"[channels.{name}]: {why}")
        return Broken(entry.kind, why)


class Broken:
    """Stands for a channel whose secret or library is missing; looked at again with a restart."""

    def __init__(self, channel: Channel, why: str) -> None:
        self.channel = channel
        self._why = why

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        return [Receipt(Result.RETRY, self._why)] * len(jobs)

    async def probe(self) -> str:
        return self._why

    async def close(self) -> None:
        pass
