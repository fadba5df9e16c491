"""The radio mesh: 40 bytes of an alert through a real broker, as a Meshtastic node takes them."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from tools.live import free_port

from courier_world import alert, until
from test_courier import courier
from vigia.alert.mesh import FORM_MAX, parse_mesh
from vigia.events import Alert
from vigia.run.channel_check import check_channel
from vigia.run.channel_settings import ChannelEntry
from vigia.run.courier.door import Job
from vigia.run.courier.mesh import on_air
from vigia.terms import Channel, EndReason, Lang, MsgType, Tier

TOPIC = "msh/US/2/json/mqtt"


def job(of: Alert) -> Job:
    return Job(delivery_id="d", alert=of, address="", lang=Lang.EN, words="", place="Post 12")


def test_what_does_not_ring_stays_off_the_air_and_an_end_never_does() -> None:
    assert on_air(job(alert(None)))
    assert not on_air(job(alert(None, tier=Tier.WATCH)))
    assert not on_air(job(alert(None, 2, sound=False)))
    assert on_air(job(alert(None, 3)))
    assert on_air(job(alert(None, 4, msg_type=MsgType.CANCEL, tier=Tier.WATCH, sound=False)))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"form": "telegram"}, 'need "meshtastic"'),
        ({"form": "meshtastic", "topic": TOPIC}, "gateway node's number"),
        ({"form": "meshtastic", "node": 7}, "topic: needed"),
        ({"form": "meshtastic", "node": 7, "topic": TOPIC, "mesh_channel": 9}, "0 to 7"),
    ],
)
def test_a_wrong_setting_is_told_at_once(more: dict[str, Any], says: str) -> None:
    made = ChannelEntry(kind=Channel.MQTT, url="mqtt://127.0.0.1", **more)
    with pytest.raises(ValueError, match=says):
        check_channel("[channels.mesh]", made)


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="needs Debian's mosquitto")
def test_a_node_behind_mosquitto_is_given_the_line_to_put_on_the_air(tmp_path: Path) -> None:
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    quiet = subprocess.DEVNULL
    broker = subprocess.Popen(["mosquitto", "-c", str(conf)], stdout=quiet, stderr=quiet)
    got: list[Any] = []

    def node() -> mqtt.Client:
        versions = getattr(mqtt, "CallbackAPIVersion", None)
        client = mqtt.Client() if versions is None else mqtt.Client(versions.VERSION2)
        client.on_message = lambda _c, _d, message: got.append(message)
        client.connect("127.0.0.1", port)
        client.subscribe(f"{TOPIC}/#", qos=1)
        client.loop_start()
        return client

    async def go() -> None:
        made = ChannelEntry(
            kind=Channel.MQTT, url=f"mqtt://127.0.0.1:{port}", topic=TOPIC, form="meshtastic",
            node=3664012345, mesh_channel=1,
        )  # fmt: skip
        listening: list[mqtt.Client] = []

        def up() -> bool:
            try:
                listening.append(node())
            except OSError:
                return False
            return True

        await until(up)
        async with courier(tmp_path, {"mesh": made}) as (side, _):
            first = alert(None, bearing_deg_true=225.0)
            for one in (first, alert(None, 2, sound=False)):
                [sent] = side.give(one, Channel.MQTT)
                await until(lambda: side.fate(sent))  # noqa: B023
                assert side.fate(sent) == "ok"
            end = alert(None, 3, msg_type=MsgType.CANCEL, end_reason=EndReason.DEPARTED,
                        action="departed")  # fmt: skip
            side.give(end, Channel.MQTT)
            await until(lambda: len(got) >= 2)
        for client in listening:
            client.loop_stop()

    try:
        asyncio.run(go())
    finally:
        broker.kill()
        broker.wait()
    said = [json.loads(message.payload) for message in got]
    assert all(message.topic == f"{TOPIC}/" and not message.retain for message in got)
    assert [(s["from"], s["channel"], s["type"]) for s in said] == [(3664012345, 1, "sendtext")] * 2
    words = [parse_mesh(s["payload"].encode()) for s in said]
    assert [word.action for word in words] == ["take_cover", "departed"]
    assert words[0].bearing_deg_true == 225
    assert words[0].target == "Post 12"
    assert all(len(s["payload"]) <= FORM_MAX for s in said)
