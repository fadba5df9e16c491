"""`python -m vigia.run.past.main --data DIR`: reads the journal for the gateway, one ask at a time.

Frames on stdin and stdout: u32 length, little-endian, then MessagePack. Ends with its gateway.
The lowest priority: a watch at work comes first.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from vigia.run.journal_reader import JournalReader
from vigia.run.past.ask import Ask, Said, SpanAsk, TimelineAsk
from vigia.run.past.marks import HOUR_NS, Marks
from vigia.run.past.span import span
from vigia.run.past.timeline import timeline

ASK_BYTES_MAX = 64 * 1024 * 1024
NICE = 15
HEAD = struct.Struct("<I")

_ask = msgspec.msgpack.Decoder(Ask)
_json = msgspec.json.Encoder().encode


class Past:
    """Marks are kept between asks; journal and keys are opened for each: keys are destroyed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._marks = Marks()

    def answer(self, ask: Ask) -> Said:
        try:
            reader = JournalReader(self._folder)
        except (FileNotFoundError, sqlite3.Error, ValueError, OSError) as e:
            return Said(503, str(e).encode())
        try:
            return Said(200, _json(self._answer(reader, ask)))
        except (sqlite3.Error, ValueError, OSError) as e:
            return Said(503, f"the journal cannot be read: {e}".encode())
        finally:
            reader.close()

    def _answer(self, reader: JournalReader, ask: Ask) -> object:
        match ask:
            case TimelineAsk():
                self._marks.look(reader, ask.since_ns)
                return timeline(self._marks, ask)
            case SpanAsk():
                self._marks.look(reader, ask.from_ns - HOUR_NS)
                return span(reader, self._marks, ask)


def serve(past: Past, source: BinaryIO, sink: BinaryIO) -> None:
    """Until the source ends."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        (size,) = HEAD.unpack(head)
        if size > ASK_BYTES_MAX:
            return
        said = msgspec.msgpack.encode(past.answer(_ask.decode(source.read(size))))
        sink.write(HEAD.pack(len(said)) + said)
        sink.flush()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="vigia past")
    parser.add_argument("--data", type=Path, required=True)
    args = parser.parse_args(argv)
    os.nice(NICE)
    serve(Past(args.data), sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
