"""A byte stream of JSON values and lines, cut anywhere -> whole pieces, each bounded.

A piece is a top-level JSON object or array, or else a line. Where the bytes are cut changes
nothing: also a piece that is too long is found too long at the same byte.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_OUTSIDE = re.compile(rb'["{}\[\]]')
_INSIDE = re.compile(rb'["\\]')
_OPENS, _CLOSES = b"{[", b"}]"
_SPACE = b" \t\r\n\0,"


class Overlong(NamedTuple):
    """A piece beyond the bound; passed over up to the next line. raw: how it began."""

    raw: bytes


class Pieces:
    """values: JSON values may span lines; else every line is a piece."""

    def __init__(self, piece_max: int, *, values: bool) -> None:
        self._max = piece_max
        self._values = values
        self._held = bytearray()
        self._at: int = 0  # looked at so far
        self._depth = 0
        self._text = False  # inside a JSON string
        self._skip = False  # up to the next line

    def feed(self, data: bytes) -> list[bytes | Overlong]:
        self._held += data
        out: list[bytes | Overlong] = []
        while self._held:
            if self._skip:
                if not self._skip_line():
                    break
                continue
            if self._at == 0 and not self._begin():
                break
            end = self._end_of_value() if self._depth or self._text else self._end_of_line()
            if (end or len(self._held)) > self._max:
                out.append(Overlong(bytes(self._held[: min(64, self._max)])))
                del self._held[: self._max]
                self._at, self._depth, self._text, self._skip = 0, 0, False, True
                continue
            if end is None:
                break
            piece = bytes(self._held[:end]).strip()
            del self._held[:end]
            self._at = 0
            if piece:
                out.append(piece)
        return out

    def finish(self) -> bytes:
        """What is left: a last line without its end, or a value that was cut."""
        rest = b"" if self._skip else bytes(self._held).strip(_SPACE)
        self._held.clear()
        self._at, self._depth, self._text, self._skip = 0, 0, False, False
        return rest

    def _begin(self) -> bool:
        """Spaces before a piece go; False when nothing else is there."""
        spaces = len(self._held) - len(self._held.lstrip(_SPACE))
        del self._held[:spaces]
        if not self._held:
            return False
        if self._values and bytes(self._held[:1]) in (b"{", b"["):
            self._depth, self._at = 1, 1
        return True

    def _end_of_line(self) -> int | None:
        end = self._held.find(b"\n", self._at)
        self._at = len(self._held) if end < 0 else self._at
        return None if end < 0 else end + 1

    def _end_of_value(self) -> int | None:
        held = self._held
        while True:
            found = (_INSIDE if self._text else _OUTSIDE).search(held, self._at)
            if found is None:
                self._at = len(held)
                return None
            at, sign = found.start(), held[found.start()]
            if sign == 0x5C:  # a backslash and what it escapes
                if at + 1 >= len(held):
                    self._at = at
                    return None
                self._at = at + 2
                continue
            self._at = at + 1
            if sign == 0x22:
                self._text = not self._text
            elif sign in _OPENS:
                self._depth += 1
            elif sign in _CLOSES:
                self._depth -= 1
                if self._depth == 0:
                    return self._at

    def _skip_line(self) -> bool:
        end = self._held.find(b"\n")
        if end < 0:
            self._held.clear()
            return False
        del self._held[: end + 1]
        self._skip = False
        return True
