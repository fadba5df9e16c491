"""Our newest checkpoint -> other agencies' servers, and their cosignatures or what they object."""

from __future__ import annotations

import asyncio
import base64
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from vigia.ledger.checkpoint import open_checkpoint
from vigia.ledger.note import Note, NoteError, Verifier, parse_note, render, verify
from vigia.ledger.tree import Tree
from vigia.run.ledger_store import DAMAGE, LedgerError, LedgerReader

if TYPE_CHECKING:
    import httpx

TIMEOUT_S = 15.0
DOOR = "/api/v1/witness/add-checkpoint"
SAVED = "cosigned"  # folder of notes that others vouch for, to be handed on as files


class Asked(msgspec.Struct, kw_only=True):
    """One witness as it stands. state: new, ok, behind (it cannot be reached), objects (it knows
    more entries than we have, or others). size, t_ms: of its last cosignature."""

    url: str
    state: str = "new"
    size: int = 0
    t_ms: int = 0
    why: str = ""


class Asker:
    """One witness. ask() may be called again and again; not twice at a time."""

    def __init__(
        self, folder: Path, url: str, key: Verifier, log: Verifier, *, ca: str = ""
    ) -> None:
        self._folder, self._key, self._log, self._ca = folder, key, log, ca
        self.now = Asked(url=url.rstrip("/"))

    async def ask(self, *, t_ms: int) -> bool:
        """True: something to tell people changed."""
        before = (self.now.state, self.now.why)
        try:
            await self._ask(t_ms)
        except Exception as e:  # noqa: BLE001 - another agency's server may do anything
            self.now.state, self.now.why = "behind", type(e).__name__
        return before != (self.now.state, self.now.why)

    async def _ask(self, t_ms: int) -> None:
        old = self.now.size
        for _ in range(2):  # a witness that knows another size says it, and is asked again
            body, note, size = await asyncio.to_thread(self._body, old)
            answer = await self._post(body)
            if answer.status_code == 409:
                known = int(answer.text.strip()[:18])
                if known > size:
                    why = f"it has cosigned {known} entries and we have {size}"
                    self.now.state, self.now.why = "objects", why
                    return
                old = known
                continue
            self._took(answer, note, size, t_ms)
            return
        self.now.state, self.now.why = "behind", "it does not agree on a size"

    def _took(self, answer: httpx.Response, note: Note, size: int, t_ms: int) -> None:
        if answer.status_code == 422:
            self.now.state, self.now.why = "objects", answer.text.strip()[:200]
            return
        if answer.status_code != 200:
            self.now.state = "behind"
            self.now.why = f"it answers {answer.status_code}: {answer.text.strip()[:120]}"
            return
        lines = f"{render(Note(note.text, note.signatures))}{answer.text}".encode()
        signed = parse_note(lines)
        if self._key not in verify(signed, (self._log, self._key)):
            raise NoteError("its answer is not signed by the key we were told")
        _save(self._folder / SAVED, self._key.name, lines)
        self.now.state, self.now.why, self.now.size, self.now.t_ms = "ok", "", size, t_ms

    def _body(self, old: int) -> tuple[bytes, Note, int]:
        """Raises LedgerError and what reading a damaged file may raise."""
        reader = LedgerReader(self._folder)
        try:
            reader.snapshot()
            data = reader.last_checkpoint()
            if data is None:
                raise LedgerError("ledger: no checkpoint yet")
            checkpoint, _ = open_checkpoint(data, self._log)
            leaves = [row.hash for row in reader.rows()][: checkpoint.size]
        except DAMAGE as e:
            raise LedgerError(f"ledger: {e}") from e
        finally:
            reader.close()
        known = old if 0 < old <= checkpoint.size else 0
        proof = Tree(leaves).consistency(known, checkpoint.size) if known else []
        head = "\n".join([f"old {known}", *(base64.b64encode(h).decode() for h in proof)])
        return f"{head}\n\n".encode() + data, parse_note(data), checkpoint.size

    async def _post(self, body: bytes) -> httpx.Response:
        import httpx

        check: ssl.SSLContext | bool = True
        if self._ca:
            check = ssl.create_default_context(cafile=self._ca)
        async with httpx.AsyncClient(verify=check, timeout=TIMEOUT_S, trust_env=False) as http:
            headers = {"content-type": "text/plain"}
            return await http.post(f"{self.now.url}{DOOR}", content=body, headers=headers)


def _save(folder: Path, name: str, data: bytes) -> None:
    """Handed over as a file it is what `vigia ledger verify --witness FILE` takes."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{''.join(c if c.isalnum() else '-' for c in name)}.note"
    draft = path.with_suffix(".part")
    draft.write_bytes(data)
    draft.replace(path)
