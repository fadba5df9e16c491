"""Passwords and recovery codes: what is good enough, and what is kept of them.

Argon2id with the second set of RFC 9106 (64 MB, three passes): of a stolen file each guess costs
what each sign-in costs here. Recovery codes hold 80 bits of chance, so a plain hash keeps them.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from argon2 import PasswordHasher

PASSWORD_MAX = 256  # characters
CODES = 8
HASHES_MAX = 2  # at once: 64 MB and a tenth of a second each
HASHES_WAITING_MAX = 20
REST_MIN = 6  # letters beside common words
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is read for another
_LEET = str.maketrans("013457@$!", "oleastasi")
_T = TypeVar("_T")
# The stems of what breach lists are full of; what is left of a password after taking them away
# must be long enough by itself.
_WORDS = """
password passwort contrasena qwertyuiop qwerty asdfghjkl asdfgh zxcvbnm iloveyou teamo sunshine
princess dragon monkey football baseball superman batman welcome bienvenido letmein master trustno
shadow michael jennifer charlie summer winter spring autumn verano invierno primavera changeme
default secret administrator administrador admin operator police policia border patrol frontera
vigia drone dron lookout watch officer agent agente system server computer internet google
facebook whatsapp starwars pokemon minecraft liverpool barcelona realmadrid chelsea arsenal mexico
espana america texas february march april monday tuesday friday january enero febrero marzo
abcdefgh abcdef abc
"""
COMMON = sorted(_WORDS.split(), key=len, reverse=True)


def weakness(password: str, *, login: str, minimum: int) -> str | None:
    """Why it is refused, in plain words; None: good enough."""
    if len(password) < minimum:
        return f"it has {len(password)} characters; need {minimum} or more"
    if len(password) > PASSWORD_MAX:
        return f"it has more than {PASSWORD_MAX} characters"
    if len(set(password)) < 5:
        return "it repeats too few characters"
    plain = password.lower()
    if login and login.partition("@")[0] in plain:
        return "it contains the name you sign in with"
    letters = rest = re.sub(r"[\d\W_]+", "", plain.translate(_LEET))
    for word in COMMON:
        rest = rest.replace(word, "")
    if len(rest) < REST_MIN and (rest != letters or not _is_random(password)):
        return "it is made of words and numbers that are tried first; take four words of chance"
    return None


def _is_random(password: str) -> bool:
    """Letters, digits and signs mixed throughout, as a generator makes it."""
    kinds = [re.search(kind, password) for kind in (r"[a-z]", r"[A-Z]", r"\d", r"[^\w]")]
    turns = len(re.findall(r"(?<=[^\W\d_])(?=[\d\W_])|(?<=[\d\W_])(?=[^\W\d_])", password))
    return sum(k is not None for k in kinds) >= 3 and turns >= 5


def hash_of(password: str) -> str:
    return _hasher().hash(password)


def is_password(kept: str | None, password: str) -> bool:
    """kept None: nobody of that name; takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        good = _hasher().verify(kept or _nobody(), password[:PASSWORD_MAX])
    except (VerificationError, InvalidHashError):
        return False
    return good and kept is not None


@cache
def _hasher() -> PasswordHasher:
    """Loaded on the thread of the first sign-in: it holds up neither the start nor an alert."""
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_hex(16))


def make_codes() -> list[str]:
    """As they are shown once: four groups of four."""
    return ["-".join(_letters(4) for _ in range(4)) for _ in range(CODES)]


def _letters(count: int) -> str:
    return "".join(secrets.choice(_CODE_LETTERS) for _ in range(count))


def code_sha(person_id: str, code: str) -> bytes:
    """However it was typed."""
    letters = re.sub(r"[^A-Z0-9]", "", code.upper())
    return hashlib.sha256(f"vigia recovery\n{person_id}\n{letters}".encode()).digest()


class TooMany(Exception):
    """More sign-ins wait than will be served."""


class Hashing:
    """Few at once: a flood of sign-ins takes neither the memory nor the processor."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(HASHES_MAX)
        self._waiting = 0

    async def run(self, work: Callable[[], _T]) -> _T:
        """On a thread of its own. Raises TooMany."""
        if self._waiting >= HASHES_WAITING_MAX:
            raise TooMany
        self._waiting += 1
        try:
            async with self._room:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
