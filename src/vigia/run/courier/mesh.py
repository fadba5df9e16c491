"""Alerts of posts to a radio mesh: one line of 40 bytes through a Meshtastic node's MQTT door.

The node (MQTT and JSON on, a channel called "mqtt" with downlink) takes sendtext messages from the
broker and puts them on the air. Air time is scarce: WATCH, and updates that ring nothing, stay off
it; the end of what was told is always told. Nobody answers from there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from vigia.alert.mesh import mesh_form
from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.door import Around, Job, Receipt, Result
from vigia.run.courier.mqtt import Mqtt
from vigia.terms import MsgType, Tier


class Mesh(Mqtt):
    def __init__(self, name: str, entry: ChannelEntry, around: Around) -> None:
        super().__init__(name, entry, around)
        self._node, self._mesh_channel = entry.node, entry.mesh_channel

    async def send(self, jobs: Sequence[Job]) -> Sequence[Receipt]:
        if any(on_air(job) for job in jobs) and not await self._ready():
            return [
                Receipt(Result.RETRY, self._why) if on_air(job) else Receipt(Result.OK)
                for job in jobs
            ]
        return [await self._tell(job) for job in jobs]

    async def _tell(self, job: Job) -> Receipt:
        if not on_air(job):
            return Receipt(Result.OK)
        said = {
            "from": self._node,
            "channel": self._mesh_channel,
            "type": "sendtext",
            "payload": mesh_form(job.alert, target=job.place, t_ns=time.time_ns()).decode(),
        }
        return await self._publish(f"{self._topic}/", msgspec.json.encode(said), keep=False)


def on_air(job: Job) -> bool:
    alert = job.alert
    if alert.msg_type is MsgType.CANCEL:
        return True
    return alert.tier >= Tier.WARNING and (alert.sound or alert.msg_type is MsgType.ALERT)
