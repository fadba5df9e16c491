"""SAPIENT (BSI Flex 335 v2.0) on a stream: four bytes of length, little-endian, then protobuf.

Messages are those of the public .proto files as the package sapient-msg compiles them; what makes
one valid is in sapient_rules.py.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from sapient_msg.bsi_flex_335_v2_0.sapient_message_pb2 import SapientMessage

from vigia.wire.advert import Refused
from vigia.wire.sapient_rules import broken

if TYPE_CHECKING:
    from google.protobuf.message import Message

FRAME_MAX = 1_000_000  # bytes of one message; a longer one means that the stream is not SAPIENT
ICD_VERSION = "BSI Flex 335 v2.0"
_LENGTH = struct.Struct("<I")


class Frames:
    """A stream in any split -> messages' bytes. After a length that cannot be, nothing more."""

    def __init__(self) -> None:
        self._held = bytearray()
        self.lost: Refused | None = None

    def feed(self, data: bytes) -> list[bytes]:
        out: list[bytes] = []
        if self.lost is not None:
            return out
        self._held += data
        held, at = self._held, 0
        while len(held) - at >= 4:
            (size,) = _LENGTH.unpack_from(held, at)
            if not 0 < size <= FRAME_MAX:
                what = f"stream: a length of {size} bytes; need 1 to {FRAME_MAX}. Connect again"
                self.lost = Refused(code="framing", what=what)
                held.clear()
                return out
            if len(held) - at < 4 + size:
                break
            out.append(bytes(held[at + 4 : at + 4 + size]))
            at += 4 + size
        del held[:at]
        return out

    @property
    def cut(self) -> bool:
        """Inside a message."""
        return bool(self._held)


def framed(message: Message) -> bytes:
    data = message.SerializeToString()
    return _LENGTH.pack(len(data)) + data


def read(data: bytes) -> SapientMessage | Refused:
    """One message, valid by the standard; else why not."""
    message = SapientMessage()
    try:
        message.ParseFromString(data)
    except DecodeError as e:
        return Refused(code="protobuf", what=f"no SAPIENT message: {e}"[:300])
    return judged(message)


def read_json(text: str | bytes) -> SapientMessage | Refused:
    """The standard's JSON form of one message, as its test files are written."""
    message = SapientMessage()
    try:
        json_format.Parse(text, message)
    except (json_format.ParseError, UnicodeDecodeError, ValueError) as e:
        return Refused(code="json", what=f"no SAPIENT message: {e}"[:300])
    return judged(message)


def judged(message: SapientMessage) -> SapientMessage | Refused:
    why = broken(message)
    return message if why is None else Refused(code="invalid", what=why)
