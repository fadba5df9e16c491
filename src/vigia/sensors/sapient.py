"""A SAPIENT stream (BSI Flex 335 v2.0) of one or many nodes -> inputs, and what goes back to it.

A node that registers becomes a sensor of its own ("<sensor>.<first of its UUID>"), at the place its
status reports say. Bearings become rows of polar.1, locations rows of place.1 under the node's own
object numbers. What the standard does not allow is refused with the reason, by an Error message;
nothing is refused for coming too often. docs/sensors/sapient.md tells the rest.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from google.protobuf import json_format
from sapient_msg.bsi_flex_335_v2_0.alert_ack_pb2 import AlertAck
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage
from sapient_msg.bsi_flex_335_v2_0.status_report_pb2 import StatusReport
from sapient_msg.bsi_flex_335_v2_0.task_ack_pb2 import TaskAck

from vigia.events import Fault, Observation, SensorHeard, SensorJoined, SensorLost
from vigia.sensors.door import Facts
from vigia.wire import sapient as wire
from vigia.wire import sapient_values as values
from vigia.wire.advert import Refused
from vigia.wire.sapient_node import Node, Rows
from vigia.wire.tally import FaultTally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vigia.sensors.door import Line

KIND = "sapient"
Out: TypeAlias = Observation | SensorHeard | SensorLost | SensorJoined | Fault | bytes

NODES_MAX = 200  # on one connection
CLOCK_BACK_NS = 10_000_000_000  # an older message is dated by its receipt
CLOCK_AHEAD_NS = 400_000_000
HEARD_EVERY_NS = 1_000_000_000
MOVED_M = 10.0  # a node that moved less stays where it was
TEXT_MAX = 200
RAW_MAX = 256  # bytes of a refused message that go back in an Error


class Adapter:
    """One connection. feed: a stream in any split."""

    def __init__(self, sensor_id: str, t_shift_ns: int = 0) -> None:
        self.sensor_id = sensor_id
        self._t_shift_ns = t_shift_ns
        self._frames = wire.Frames()
        self._nodes: dict[str, Node] = {}
        self._faults = FaultTally(f"sensor/{sensor_id}")
        self._facts = Facts(own_id(sensor_id), 0.0, None)
        self._t_heard_ns: int | None = None
        self._told_lost = False

    def know(self, facts: Facts) -> None:
        self._facts = facts

    def feed(self, data: bytes, t_recv_ns: int) -> list[Out]:
        out: list[Out] = []
        rows = Rows()
        for frame in self._frames.feed(data):
            out += self._frame(frame, t_recv_ns, rows)
        if self._frames.lost is not None and not self._told_lost:
            self._told_lost = True
            out += self._faults.add(self._frames.lost, t_ns=t_recv_ns)
        return [*out, *rows.observations()]  # a node joins before its rows count

    def finish(self, t_recv_ns: int) -> list[Out]:
        out: list[Out] = []
        if self._frames.cut:
            refused = Refused(code="cut", what="the stream ended inside a message")
            out += self._faults.add(refused, t_ns=t_recv_ns)
        gone = "its connection is closed"
        for node in self._nodes.values():
            if not node.said_goodbye:
                out.append(SensorLost(sensor_id=node.sensor_id, t_obs_ns=t_recv_ns, why=gone))
        return [*out, *self._faults.rest()]

    def tick(self, t_ns: int) -> list[Out]:
        return [*self._faults.due(t_ns)]

    def _frame(self, frame: bytes, t_recv_ns: int, rows: Rows) -> list[Out]:
        message = wire.read(frame)
        if isinstance(message, Refused):
            fault = self._faults.add(message, t_ns=t_recv_ns, raw=frame)
            return [*fault, self._error(frame, message.what, t_recv_ns)]
        node = self._node_of(message.node_id, t_recv_ns)
        if node is None:
            refused = Refused(code="nodes", what=f"more than {NODES_MAX} nodes on one connection")
            return [*self._faults.add(refused, t_ns=t_recv_ns)]
        t_ns, out = self._time(message, t_recv_ns)
        match message.WhichOneof("content"):
            case "detection_report":
                if not node.registered and not node.told:
                    node.told = True
                    why = "detections before its registration; they count, and register please"
                    out += self._refuse("unregistered", f"node {node.short}: {why}", t_recv_ns)
                refused = node.detection(message.detection_report, t_ns, rows)
                if refused is not None:
                    out += self._faults.add(refused, t_ns=t_recv_ns)
            case "status_report":
                out += self._status(node, message.status_report, t_ns)
            case "registration":
                out += self._register(node, message, t_ns, t_recv_ns)
            case "alert":
                out += self._alert(node, message, t_ns, t_recv_ns)
            case "task":
                out.append(self._decline(message, t_recv_ns))
            case "error":
                what = f"node {node.short} refused ours: {'; '.join(message.error.error_message)}"
                out += self._refuse("refused_ours", what, t_recv_ns)
            case _:
                pass  # acknowledgements of what we asked: nothing rests on them
        return out + self._heard(node, t_ns)

    def _node_of(self, node_id: str, t_ns: int) -> Node | None:
        key = node_id.lower()
        node = self._nodes.get(key)
        if node is None and len(self._nodes) < NODES_MAX:
            node = self._nodes[key] = Node(self.sensor_id, key, self._facts)
        return node

    def _time(self, message: SapientMessage, t_recv_ns: int) -> tuple[int, list[Out]]:
        """When it was sent, by its node; by us where that cannot be."""
        t_ns = message.timestamp.seconds * 1_000_000_000 + message.timestamp.nanos
        t_ns += self._t_shift_ns
        late_ns = t_recv_ns - t_ns
        if self._t_shift_ns or -CLOCK_AHEAD_NS <= late_ns <= CLOCK_BACK_NS:
            return t_ns, []
        way = "ahead of" if late_ns < 0 else "behind"
        short = message.node_id[:8].lower()
        off = f"{abs(late_ns) / 1e9:.1f} s {way} ours"
        what = f"clock of node {short} is {off}; its reports are dated by us"
        return t_recv_ns, self._refuse("clock", what, t_recv_ns)

    def _register(
        self, node: Node, message: SapientMessage, t_ns: int, t_recv_ns: int
    ) -> list[Out]:
        node.register(message.registration)
        answer = self._answer(message.node_id, t_recv_ns)
        answer.registration_ack.acceptance = True
        return [node.joined(t_ns), wire.framed(answer)]

    def _status(self, node: Node, status: StatusReport, t_ns: int) -> list[Out]:
        why = ""
        out: list[Out] = []
        for one in status.status:
            if one.status_type == StatusReport.STATUS_TYPE_NOT_DETECTING:
                why = f"it says that it is not detecting: {one.status_value}"
        if status.system == StatusReport.SYSTEM_ERROR:
            why = why or "it reports an error of its system"
        if status.system == StatusReport.SYSTEM_GOODBYE:
            node.said_goodbye = True
            why = "it said goodbye"
        if status.HasField("node_location"):
            place = values.place_of(status.node_location)
            if isinstance(place, Refused):
                out += self._faults.add(place, t_ns=t_ns)
            elif node.move(place.position(), MOVED_M):
                out.append(node.joined(t_ns))
        if status.HasField("field_of_view") and node.look(status.field_of_view):
            out.append(node.joined(t_ns))
        if why:
            node.mute = True
            text = why[:TEXT_MAX]
            out.append(SensorLost(sensor_id=node.sensor_id, t_obs_ns=t_ns, why=text))
        else:
            node.mute = False
        return out

    def _alert(self, node: Node, message: SapientMessage, t_ns: int, t_recv_ns: int) -> list[Out]:
        """Told to the console as the node's word; warnings rest on detections."""
        answer = self._answer(message.node_id, t_recv_ns)
        answer.alert_ack.alert_id = message.alert.alert_id
        answer.alert_ack.alert_ack_status = AlertAck.ALERT_ACK_STATUS_ACCEPTED
        text = message.alert.description[:TEXT_MAX] or "without words"
        where = f"sensor/{node.sensor_id}"
        told = Fault(where=where, whose="peer", what=f"the node's alert: {text}")
        return [told, wire.framed(answer)]

    def _decline(self, message: SapientMessage, t_recv_ns: int) -> bytes:
        answer = self._answer(message.node_id, t_recv_ns)
        answer.task_ack.task_id = message.task.task_id
        answer.task_ack.task_status = TaskAck.TASK_STATUS_REJECTED
        answer.task_ack.reason.append("this vigia listens here and takes no tasks")
        return wire.framed(answer)

    def _error(self, frame: bytes, why: str, t_recv_ns: int) -> bytes:
        answer = self._answer("", t_recv_ns)
        answer.error.packet = frame[:RAW_MAX]
        answer.error.error_message.append(why)
        return wire.framed(answer)

    def _answer(self, to: str, t_recv_ns: int) -> SapientMessage:
        answer = SapientMessage(node_id=self._facts.node_id)
        answer.timestamp.FromNanoseconds(t_recv_ns)
        if to:
            answer.destination_id = to
        return answer

    def _heard(self, node: Node, t_ns: int) -> list[Out]:
        """Its own word, and that of the sensor of the settings; a mute node proves nothing."""
        out: list[Out] = []
        if not node.mute and abs(t_ns - node.t_heard_ns) >= HEARD_EVERY_NS:
            node.t_heard_ns = t_ns
            out.append(SensorHeard(sensor_id=node.sensor_id, t_obs_ns=t_ns))
        if self._t_heard_ns is None or abs(t_ns - self._t_heard_ns) >= HEARD_EVERY_NS:
            self._t_heard_ns = t_ns
            out.append(SensorHeard(sensor_id=self.sensor_id, t_obs_ns=t_ns))
        return out

    def _refuse(self, code: str, what: str, t_ns: int) -> list[Out]:
        return [*self._faults.add(Refused(code=code, what=what), t_ns=t_ns)]


def own_id(text: str) -> str:
    """A UUID (version 8) that derives from a text."""
    raw = bytearray(hashlib.blake2b(text.encode(), digest_size=16).digest())
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def decode_lines(data: bytes, file: str) -> Iterator[Line]:
    """One line a message: the standard's JSON form, or why it is refused."""
    frames = wire.Frames()
    n = 0
    for n, frame in enumerate(frames.feed(data), start=1):
        message = wire.read(frame)
        head: Line = {"file": file, "frame": n}
        if isinstance(message, Refused):
            yield {**head, "ok": False, "why": message.what}
        else:
            yield {**head, "ok": True, "message": json_format.MessageToDict(message)}
    if frames.lost is not None or frames.cut:
        why = frames.lost.what if frames.lost is not None else "the file ends inside a message"
        yield {"file": file, "frame": n + 1, "ok": False, "damaged": True, "why": why}
