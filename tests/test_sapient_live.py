"""sapient-msg over a real socket: registered, acknowledged, tracked, warned of, lost by name."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from sapient_msg.bsi_flex_335_v2_0.registration_pb2 import Registration
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from tools.live import Live, Person, free_port, live

from vigia.run.simulate.speak.sapient import detection, registration, status
from vigia.terms import Role

LAT, LON, ALT = 31.79, -106.75, 1200.0
NODE = "0b5a6c00-53b3-4a2e-9d3c-8f9a51e60001"


class Node:
    """A node as a maker would write it with sapient-msg: nothing of vigia's codec."""

    def __init__(self, port: int) -> None:
        end = time.monotonic() + 20.0
        while True:
            try:
                self.sock = socket.create_connection(("127.0.0.1", port), 5.0)
                return
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def send(self, message: SapientMessage) -> None:
        data = message.SerializeToString()
        self.sock.sendall(struct.pack("<I", len(data)) + data)

    def hear(self, content: str, seconds: float = 15.0) -> SapientMessage:
        self.sock.settimeout(seconds)
        while True:
            (size,) = struct.unpack("<I", self._exactly(4))
            message = SapientMessage()
            message.ParseFromString(self._exactly(size))
            if message.WhichOneof("content") == content:
                return message

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            assert part, "the connection was closed"
            data += part
        return data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, int]]:
    folder, port = tmp_path_factory.mktemp("sapient"), free_port()
    settings = folder / "site.toml"
    settings.write_text(
        f"""
[site]
lat_deg = {LAT}
lon_deg = {LON}
alt_hae_m = {ALT}
[[posts]]
id = "1"
name = "Post 1"
lat_deg = {LAT}
lon_deg = {LON}
[sensors.sapient]
adapter = "sapient"
source = "tcp-listen://127.0.0.1:{port}"
"""
    )
    data = folder / "data"
    args = ["watch", "--settings", str(settings), "--data", str(data)]
    with live(args, data) as running:
        yield running, port


@contextmanager
def reporting(node: Node, node_id: str) -> Iterator[None]:
    """Status and a drone that comes straight at the post, four times a second."""
    over = threading.Event()

    def go() -> None:
        chance = Random(1)
        start = time.time()
        while not over.is_set():
            now = time.time()
            try:
                node.send(status(node_id, LAT, LON, ALT))
                # 60 s on its way already: 1 km before the post and nearer
                found = detection(node_id, 0, 60.0 + now - start, 1, chance)
                if found is not None:
                    found.timestamp.FromNanoseconds(time.time_ns())
                    node.send(found)
            except OSError:
                return
            over.wait(0.25)

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_radar_registers_is_tracked_warns_and_its_end_is_told(site: tuple[Live, int]) -> None:
    running, port = site
    page = Person.enrolled(running, "Watch", Role.WATCH_OFFICER).socket()
    node = Node(port)
    node.send(registration(NODE))
    ack = node.hear("registration_ack")
    assert ack.registration_ack.acceptance
    assert ack.destination_id == NODE
    with reporting(node, NODE):
        alert = page.wait("alert", seconds=30)
        assert "radar" in str(alert)
        known = page.wait("health", lambda m: f"sapient.{NODE[:8]}" in str(m))
        assert "'ok'" in str(known)
    node.sock.close()
    page.wait("health", lambda m: "its connection is closed" in str(m))


def test_what_is_invalid_is_answered_with_the_reason_and_the_connection_goes_on(
    site: tuple[Live, int],
) -> None:
    node = Node(site[1])
    bad = registration(NODE.replace("0b5a", "9b5a"))
    bad.registration.icd_version = "7"
    node.send(bad)
    why = node.hear("error").error.error_message[0]
    assert "icd_version" in why
    node.send(registration(NODE.replace("0b5a", "9b5a")))
    assert node.hear("registration_ack").registration_ack.acceptance
    node.sock.close()


def test_an_alert_is_acknowledged_and_a_task_is_declined(site: tuple[Live, int]) -> None:
    node = Node(site[1])
    other = NODE.replace("0b5a", "8b5a")
    node.send(registration(other, Registration.NODE_TYPE_CAMERA))
    node.hear("registration_ack")
    alert = status(other, LAT, LON, ALT)
    alert.alert.alert_id = "01H4R63D7NVN8444Z5M77WEBY6"
    alert.alert.description = "lens is dirty"
    node.send(alert)
    assert node.hear("alert_ack").alert_ack.alert_id == alert.alert.alert_id
    task = status(other, LAT, LON, ALT)
    task.task.task_id, task.task.control = "01H4R63D7NVN8444Z5M77WEBY7", 1
    node.send(task)
    assert "takes no tasks" in node.hear("task_ack").task_ack.reason[0]
    node.sock.close()
