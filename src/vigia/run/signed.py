"""Reports and answers that a phone signs: a stolen cookie alone can neither report nor answer.

The page signs with the key that cannot leave it what it sends: a report, a word about somebody
hurt, the shift's check, the receipt of a bulletin or an answer by HTTP whole,
an answer on the socket by what it says. A device that has signed once must sign always, so that
leaving the signature away is no way around it; a page from before this goes on as it was.
"delivered" is the page's own word and unsigned: ten thousand come at once.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from vigia.run.asgi import HttpError, Request
from vigia.run.gateway_store import opened
from vigia.run.sessions import from_base64url, signed_by

if TYPE_CHECKING:
    from vigia.events import DeviceEnrolled
    from vigia.run.gateway import Gateway
    from vigia.run.http_doors import Caller

HEADER = b"x-vigia-signature"
SIGNERS_MAX = 200_000
_SCHEMA = "CREATE TABLE IF NOT EXISTS signers(device_id TEXT PRIMARY KEY) WITHOUT ROWID;"


class Signers:
    """Which devices sign. Asked in memory; save() waits for the disk."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._folder = folder
        self._new: set[str] = set()
        with opened(folder, _SCHEMA) as db:
            self._known = {d for (d,) in db.execute("SELECT device_id FROM signers")}

    def __contains__(self, device_id: str) -> bool:
        return device_id in self._known

    def add(self, device_id: str) -> None:
        if device_id not in self._known and len(self._known) < SIGNERS_MAX:
            self._known.add(device_id)
            self._new.add(device_id)

    def save(self) -> None:
        new, self._new = self._new, set()
        if not new:
            return
        try:
            with opened(self._folder, _SCHEMA) as db:
                rows = [(device_id,) for device_id in new]
                db.executemany("INSERT OR IGNORE INTO signers VALUES (?)", rows)
        except (OSError, sqlite3.Error):
            self._new |= new
            raise


def check_request(gateway: Gateway, request: Request, caller: Caller) -> None:
    """Raises HttpError(403) unless the caller's device signed this body, or never signs."""
    device = gateway.view.devices.get(caller.device_id)
    if device is None:
        return  # a session without a device: it has no key to sign with
    text = request.headers.get(HEADER, b"").decode("latin-1")
    said = f"vigia-signed:{request.path}\n{request.body.decode('utf-8', 'replace')}"
    if not is_signed(gateway, device, text, said):
        gateway.fault("signature", "a report or answer was refused: not signed by its device")
        raise HttpError(
            403,
            "signature",
            got="none that is good",
            expected="one by this device's key",
            fix="load the page again",
        )


def is_signed(gateway: Gateway, device: DeviceEnrolled, signature: str, said: str) -> bool:
    """True also for a device that never signed and does not now."""
    if not signature:
        return device.device_id not in gateway.signers
    good = signed_by(device.public_key, from_base64url(signature) or b"", said)
    if good:
        gateway.signers.add(device.device_id)
    return good


def ack_words(alert_id: str, revision: int, kind: str) -> str:
    """What the socket's answer is signed over; its time is corrected between repeats."""
    return f"vigia-ack:{alert_id}/{revision}/{kind}"
