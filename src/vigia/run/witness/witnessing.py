"""One server as a witness, and as one whose ledger is witnessed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from vigia.ledger.note import NoteError, parse_verifier
from vigia.run.ledger_keys import log_signer, witness_signer
from vigia.run.ledger_store import LedgerError
from vigia.run.say import say
from vigia.run.settings_witness import Witness
from vigia.run.witness.ask import Asker
from vigia.run.witness.keep import Keeper

KEY_FILE = "witness.key"
FIRST_S = 2.0  # after the start, when there may be a checkpoint


class Witnessing:
    """One for the gateway. Nothing of it holds up a page or the ledger."""

    def __init__(
        self,
        folder: Path,
        settings: Witness,
        now_ms: Callable[[], int],
        fault: Callable[[str, str], None],
    ) -> None:
        """fault: tells the consoles, under a name."""
        self._now_ms, self._fault = now_ms, fault
        self._every_s = settings.every_s
        self.keeper: Keeper | None = None
        self.askers: list[Asker] = []
        try:
            if settings.logs:
                logs = [parse_verifier(text) for text in settings.logs]
                signer = witness_signer(folder / "keys" / KEY_FILE)
                self.keeper = Keeper(folder, logs, signer)
            if settings.ask:
                log = log_signer(folder / "keys").verifier
                pairs = zip(settings.ask, settings.keys, strict=True)
                self.askers = [
                    Asker(folder, url, parse_verifier(key), log, ca=settings.ca)
                    for url, key in pairs
                ]
        except (LedgerError, NoteError, ValueError) as e:
            say(f"[witness]: {e}")

    async def run(self) -> None:
        await asyncio.sleep(FIRST_S)
        while self.askers:
            t_ms = self._now_ms()
            changed = await asyncio.gather(*(a.ask(t_ms=t_ms) for a in self.askers))
            for asker, new in zip(self.askers, changed, strict=True):
                if new and asker.now.state == "objects":
                    told = f"{asker.now.url} objects to our ledger: {asker.now.why}"
                    self._fault("witness", told)
            await asyncio.sleep(self._every_s)
