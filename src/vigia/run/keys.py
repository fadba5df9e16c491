"""A person's whereabouts -> bytes that only a short-lived key opens; destroying it forgets them.

    keys/shift.keys = 64 byte head (magic, changes counted, salt), then slots of 128 bytes,
                      one key each

Fixed slots, overwritten in place: a database would keep copies of a key in its journal and in
the free space of its pages. One key per subject and shift, found by a random key_id; a subject
that returns in the same shift after being forgotten gets a new key.
"""

from __future__ import annotations

import hashlib
import os
import struct
import threading
import zlib
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vigia.run.journal_tables import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHIFT_NS = 8 * 3600 * 1_000_000_000
KEYS_MAX = 262_144  # at this many live keys the oldest shift is forgotten
NAME = "shift.keys"
MAGIC = b"VIGIAKEY1\n"
_CHANGES = struct.Struct("<Q")  # counts writes, so that a reader knows when to look again
_CHANGES_AT = 16
_SALT_AT = 32
_HEAD_BYTES = 64
_SLOT_BYTES = 128
_KEY_BYTES = 32  # AES-256
_NONCE_BYTES = 12  # random; far below 2**32 records under one key
_SLOT = struct.Struct("<q q 8s 32s 32s")  # shift, first_seq, key_id, subject tag, key


class _Key(msgspec.Struct, frozen=True):
    slot: int
    shift: int
    first_seq: int  # of the first record under it
    key_id: bytes
    tag: bytes
    secret: bytes


NO_SHIFT = -1  # a snapshot's key: lives until the snapshot is replaced, not until a shift ends


def shift_of(t_recv_ns: int) -> int:
    return t_recv_ns // SHIFT_NS


class ShiftKeys:
    """All live keys of one data folder. Thread-safe; a method may wait for the disk."""

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        """folder: <data>/keys. Not writable: a reader; a missing file is "no keys", not an error.

        Raises JournalError when the file is no key file, OSError when it cannot be opened.
        """
        self.path = folder / NAME
        self._writable = writable
        self._lock = threading.RLock()
        self._fd = -1
        self._salt = b""
        self._changes = 0
        self._by_id: dict[bytes, _Key] = {}
        self._current: dict[tuple[str, int], _Key] = {}
        self._ciphers: dict[bytes, AESGCM] = {}
        self._free: list[int] = []
        self._slots = 0
        self._new: list[_Key] = []  # not yet in the file
        self.expired_by_limit = 0
        if writable:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self.path, flags, 0o600)
            self._load()
        else:
            self._look()

    @classmethod
    def open(cls, folder: Path) -> ShiftKeys:
        """For the one writer; makes folder and file when there are none."""
        return cls(folder)

    @classmethod
    def read(cls, folder: Path) -> ShiftKeys:
        """For a reader beside it; a backup without keys opens nothing."""
        return cls(folder, writable=False)

    # ---- sealing and opening ------------------------------------------------------------------

    def seal(
        self, plain: bytes, *, subject: str, shift: int, seq: int, aad: bytes
    ) -> tuple[bytes, bytes]:
        """(key_id, nonce + ciphertext + tag). Call commit() before the result is kept."""
        with self._lock:
            key = self._current.get((subject, shift)) or self._make(subject, shift, seq)
            cipher = self._cipher(key)
        nonce = os.urandom(_NONCE_BYTES)
        return key.key_id, nonce + cipher.encrypt(nonce, plain, aad)

    def unseal(self, sealed: bytes, *, key_id: bytes, aad: bytes) -> bytes | None:
        """None: the key is destroyed (or left out of a backup). Raises ValueError: altered."""
        with self._lock:
            if not self._writable:
                self._look()
            key = self._by_id.get(key_id)
            if key is None:
                return None
            cipher = self._cipher(key)
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            raise ValueError("sealed body: altered since it was written") from None

    def commit(self) -> None:
        """New keys are on disk when this returns. Raises OSError."""
        with self._lock:
            for key in self._new:
                os.pwrite(self._fd, _encode(key), _HEAD_BYTES + key.slot * _SLOT_BYTES)
            if self._new:
                self._sync()
                self._new.clear()

    # ---- forgetting ---------------------------------------------------------------------------

    def destroy(self, subject: str, shift: int, *, before_seq: int | None = None) -> int:
        """Overwrites the subject's keys of that shift, synced; how many there were."""
        return self._destroy_of(subject, shift, before_seq)

    def destroy_all(self, subject: str, *, before_seq: int | None = None) -> int:
        """Of every shift. before_seq: only keys first used before that input."""
        return self._destroy_of(subject, None, before_seq)

    def destroy_key(self, key_id: bytes) -> int:
        with self._lock:
            key = self._by_id.get(key_id)
            return self._wipe([] if key is None else [key])

    def expire(self, before_shift: int, *, own: Mapping[str, int] | None = None) -> int:
        """Every key of an older shift; how many there were. own: subjects with a limit of their
        own, such as drones' operators."""
        with self._lock:
            limits = {self._tag(subject): shift for subject, shift in (own or {}).items()}
            return self._wipe(
                [k for k in self._by_id.values() if 0 <= k.shift < limits.get(k.tag, before_shift)]
            )

    def keep_snapshots(self, key_ids: set[bytes]) -> int:
        """Destroys every other snapshot's key, such as one a crash left without its snapshot."""
        with self._lock:
            return self._wipe(
                [k for k in self._by_id.values() if k.shift < 0 and k.key_id not in key_ids]
            )

    def ids_of(self, subject: str) -> frozenset[bytes]:
        """Which live keys open the subject's positions, of every shift."""
        with self._lock:
            if not self._writable:
                self._look()
            tag = self._tag(subject)
            return frozenset(k.key_id for k in self._by_id.values() if k.tag == tag)

    @property
    def count(self) -> int:
        return len(self._by_id)

    def close(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
            self._by_id.clear()
            self._current.clear()
            self._ciphers.clear()

    # ---- the file -----------------------------------------------------------------------------

    def _look(self) -> None:
        """A reader's: takes over what the writer made and destroyed since."""
        if self._fd < 0 and self.path.exists():
            self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            self._load()
        elif self._fd >= 0:
            now = os.pread(self._fd, _CHANGES.size, _CHANGES_AT)
            if now != _CHANGES.pack(self._changes):
                self._load()

    def _sync(self) -> None:
        self._changes += 1
        os.pwrite(self._fd, _CHANGES.pack(self._changes), _CHANGES_AT)
        os.fsync(self._fd)

    def _load(self) -> None:
        data = os.pread(self._fd, os.fstat(self._fd).st_size, 0)
        if not data and self._writable:
            data = MAGIC.ljust(_SALT_AT, b"\0") + os.urandom(_HEAD_BYTES - _SALT_AT)
            os.pwrite(self._fd, data, 0)
            os.fsync(self._fd)
        if not data.startswith(MAGIC) or len(data) < _HEAD_BYTES:
            raise JournalError(
                f"{self.path}: is no key file of vigia (it begins with {data[:10]!r}); "
                "move it away: what its keys sealed stays unreadable, new keys are made"
            )
        self._salt = data[_SALT_AT:_HEAD_BYTES]
        (self._changes,) = _CHANGES.unpack_from(data, _CHANGES_AT)
        self._by_id.clear()
        self._ciphers.clear()
        self._free.clear()
        self._slots = (len(data) - _HEAD_BYTES + _SLOT_BYTES - 1) // _SLOT_BYTES
        for slot in range(self._slots - 1, -1, -1):
            at = _HEAD_BYTES + slot * _SLOT_BYTES
            key = _decode(data[at : at + _SLOT_BYTES].ljust(_SLOT_BYTES, b"\0"), slot)
            if key is None:
                self._free.append(slot)  # empty, or torn before anything was sealed under it
            else:
                self._by_id[key.key_id] = key
        # Not in _current: after a start every subject gets a new key, so no nonce or shift
        # question crosses a restart.

    def _make(self, subject: str, shift: int, seq: int) -> _Key:
        if len(self._by_id) >= KEYS_MAX:
            oldest = min(k.shift for k in self._by_id.values() if k.shift >= 0)
            self.expired_by_limit += self.expire(oldest + 1)
        if self._free:
            slot = self._free.pop()
        else:
            slot, self._slots = self._slots, self._slots + 1
        key = _Key(slot, shift, seq, os.urandom(8), self._tag(subject), os.urandom(_KEY_BYTES))
        self._new.append(key)
        self._by_id[key.key_id] = key
        self._current[(subject, shift)] = key
        return key

    def _destroy_of(self, subject: str, shift: int | None, before_seq: int | None) -> int:
        with self._lock:
            tag = self._tag(subject)
            return self._wipe(
                [
                    k
                    for k in self._by_id.values()
                    if k.tag == tag
                    and (shift is None or k.shift == shift)
                    and (before_seq is None or k.first_seq < before_seq)
                ]
            )

    def _wipe(self, keys: list[_Key]) -> int:
        if not keys:
            return 0
        assert self._writable, "a reader of keys does not destroy them"
        for key in keys:
            os.pwrite(self._fd, bytes(_SLOT_BYTES), _HEAD_BYTES + key.slot * _SLOT_BYTES)
        self._sync()
        gone = {key.key_id for key in keys}
        self._new = [key for key in self._new if key.key_id not in gone]
        for key in keys:
            self._by_id.pop(key.key_id, None)
            self._ciphers.pop(key.key_id, None)
            self._free.append(key.slot)
        self._current = {s: k for s, k in self._current.items() if k.key_id not in gone}
        return len(keys)

    def _cipher(self, key: _Key) -> AESGCM:
        cipher = self._ciphers.get(key.key_id)
        if cipher is None:
            cipher = self._ciphers[key.key_id] = AESGCM(key.secret)
        return cipher

    def _tag(self, subject: str) -> bytes:
        return hashlib.sha256(self._salt + subject.encode()).digest()


def _encode(key: _Key) -> bytes:
    body = _SLOT.pack(key.shift, key.first_seq, key.key_id, key.tag, key.secret)
    return (struct.pack("<II", 1, zlib.crc32(body)) + body).ljust(_SLOT_BYTES, b"\0")


def _decode(data: bytes, slot: int) -> _Key | None:
    live, crc = struct.unpack_from("<II", data)
    body = data[8 : 8 + _SLOT.size]
    if live != 1 or zlib.crc32(body) != crc:
        return None
    shift, first_seq, key_id, tag, secret = _SLOT.unpack(body)
    return _Key(slot, shift, first_seq, key_id, tag, secret)
