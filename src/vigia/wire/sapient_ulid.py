"""A time and a number -> a ULID: 48 bits of milliseconds, then 80 bits, in Crockford's base 32."""

from __future__ import annotations

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(t_ns: int, number: int) -> str:
    value = (t_ns // 1_000_000 & (1 << 48) - 1) << 80 | number & (1 << 80) - 1
    return "".join(_LETTERS[value >> shift & 31] for shift in range(125, -1, -5))
