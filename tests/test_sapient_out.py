"""vigia as a node: a fusion node made of sapient-msg hears its tracks and alerts."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import numpy as np
from msgspec.structs import replace
from sapient_msg.bsi_flex_335_v2_0.alert_pb2 import Alert as SapientAlert
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from sapient_msg.bsi_flex_335_v2_0.task_ack_pb2 import TaskAck

from gateway_world import alert
from vigia.run.sapient_out import SapientOut
from vigia.run.transports.url import parse_source
from vigia.terms import Mark, Position
from vigia.tracktable import MARKS, PUBLISHED_DTYPE, Fix
from vigia.wire.sapient_rules import broken

NODE = "4ee3fdf7-a7a3-4af0-8951-408152eaad1f"
T_NS = 1_767_226_300_000_000_000


def row(track_id: bytes, *, mark: Mark = Mark.ACTUAL, fix: Fix = Fix.POSITION) -> Any:
    made = np.zeros(1, dtype=PUBLISHED_DTYPE)
    made["track_id"], made["fix"], made["mark"] = track_id, fix, MARKS.index(mark.value)
    made["t_ns"], made["lat_deg"], made["lon_deg"] = T_NS, 31.79, -106.75
    made["alt_hae_m"], made["speed_mps"], made["course_deg_true"] = 1290.0, 10.0, 90.0
    made["climb_mps"], made["sigma_m"], made["p_exist"], made["p_drone"] = np.nan, 12.0, 0.9, 0.8
    return made[0]


class Fusion:
    """One connection of a fusion node that acknowledges and gives a task."""

    def __init__(self) -> None:
        self.heard: list[SapientMessage] = []
        self.enough = asyncio.Event()
        self.over = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = struct.unpack("<I", await reader.readexactly(4))
                message = SapientMessage()
                message.ParseFromString(await reader.readexactly(size))
                self.heard.append(message)
                if message.WhichOneof("content") == "registration":
                    self._send(writer, "registration_ack")
                    self._send(writer, "task")
                kinds = {m.WhichOneof("content") for m in self.heard}
                if {"detection_report", "alert", "task_ack", "status_report"} <= kinds:
                    self.enough.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.over.set()

    def _send(self, writer: asyncio.StreamWriter, kind: str) -> None:
        message = SapientMessage(node_id=NODE, destination_id=NODE)
        message.timestamp.FromNanoseconds(T_NS)
        if kind == "task":
            message.task.task_id, message.task.control = "01H4R63D7NVN8444Z5M77WEBY7", 1
        else:
            message.registration_ack.acceptance = True
        data = message.SerializeToString()
        writer.write(struct.pack("<I", len(data)) + data)

    def of(self, kind: str) -> list[SapientMessage]:
        return [m for m in self.heard if m.WhichOneof("content") == kind]


def test_it_registers_tells_what_is_actual_and_takes_no_tasks() -> None:
    async def go() -> None:
        fusion = Fusion()
        server = await asyncio.start_server(fusion.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        out = SapientOut(
            parse_source(f"tcp://127.0.0.1:{port}"), NODE, "Sector 4",
            Position(31.79, -106.75, 1200.0), lambda: T_NS,
        )  # fmt: skip
        task = asyncio.create_task(out.run())
        one = replace(alert("4471"), mark=Mark.ACTUAL)
        out.offer_decided(one)
        out.offer_decided(replace(one, alert_id="drill", mark=Mark.EXERCISE))
        sector = row(b"sector", fix=Fix.SECTOR)
        rows = [row(b"t1"), sector, row(b"drill", mark=Mark.EXERCISE), row(b"t2")]
        out.offer_tracks(np.array(rows, dtype=PUBLISHED_DTYPE))
        async with asyncio.timeout(10):
            await fusion.enough.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(10):
            await fusion.over.wait()
        server.close()
        await asyncio.sleep(0)
        assert [broken(m) for m in fusion.heard] == [None] * len(fusion.heard)
        tracks = [m.detection_report for m in fusion.of("detection_report")]
        assert len({t.object_id for t in tracks}) == len(tracks) == 2
        assert (tracks[0].location.y, tracks[0].enu_velocity.east_rate) == (31.79, 10.0)
        alerts = [m.alert for m in fusion.of("alert")]
        assert len(alerts) == 1
        assert "4471" not in alerts[0].description
        assert not alerts[0].HasField("location")
        assert alerts[0].status == SapientAlert.ALERT_STATUS_ACTIVE
        [ack] = fusion.of("task_ack")
        assert ack.task_ack.task_status == TaskAck.TASK_STATUS_REJECTED
        assert out.counts()["sapient_tracks 127.0.0.1"] == 2

    asyncio.run(go())


def test_a_fusion_node_that_is_not_there_is_said_and_tried_again() -> None:
    async def go() -> None:
        out = SapientOut(
            parse_source("tcp://127.0.0.1:9"), NODE, "x", Position(0.0, 0.0, None), lambda: T_NS
        )
        task = asyncio.create_task(out.run())
        async with asyncio.timeout(10):
            while not out.last_error:  # noqa: ASYNC110 - another task's state
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert out.counts()["sapient_connected 127.0.0.1"] == 0

    asyncio.run(go())
