"""The vigia that is being set up: started, asked and drilled by its own doors, as a device."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from vigia.run.invitations import invite, is_loopback
from vigia.terms import Role

START_S = 300.0  # kernels may be compiled at the very first start
ANSWER_S = 10.0
AGAIN_S = 0.2
STOP_S = 10.0
NAME = "vigia setup"
LOG = "setup-watch.log"
LOG_TAIL = 1_500


class SiteError(Exception):
    """In words for the page."""


class Site:
    """One process at a time. Every method may wait: call it from a thread."""

    def __init__(self, settings_path: Path, folder: Path) -> None:
        self._settings = settings_path
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._secure = False
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._device_id = ""
        self._cookie = ""
        self.over = threading.Event()  # setup ends: whoever waits here stops waiting

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, address: str) -> None:
        """Again when it runs already, with the settings as they are now. Raises SiteError."""
        self.stop()
        host, _, port = address.rpartition(":")
        self._port, self._secure = int(port), not is_loopback(host)
        log = self._folder / LOG
        with log.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "vigia", "watch", "--settings", str(self._settings)),
                    *("--data", str(self._folder)),
                ],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        end_s = time.monotonic() + START_S
        while time.monotonic() < end_s:
            if self._process.poll() is not None:
                raise SiteError(log.read_text(errors="replace")[-LOG_TAIL:].strip())
            try:
                self._enter()
            except (OSError, http.client.HTTPException, SiteError):
                if self.over.wait(AGAIN_S):
                    raise SiteError("setup ends") from None
            else:
                return
        raise SiteError(f"no answer within {START_S:.0f} s; see {log}")

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def sensors(self) -> list[dict[str, Any]]:
        """Health of each, as the console sees it. Raises SiteError."""
        health: dict[str, Any] | None = self._get("/api/v1/status").get("health")
        return [] if health is None else list(health["sensors"])

    def alerts(self) -> list[dict[str, Any]]:
        """Of the last hour, with who answered. Raises SiteError."""
        found = self._get("/api/v1/alerts?hours=1")
        return list(found.get("alerts", ()))

    def drill(self, reason: str) -> None:
        """To everybody. Raises SiteError."""
        self._post("/api/v1/drills", {"reason": reason})

    def leave(self) -> None:
        """This device is not needed any more and must not stay enrolled."""
        if self._device_id and self.running:
            path = f"/api/v1/devices/{self._device_id}/revoke"
            self._post(path, {"reason": "setup is over"})

    # ---- as a device -----------------------------------------------------------------------

    def _enter(self) -> None:
        """Enrols once, then opens a session."""
        if not self._device_id:
            made = invite(self._folder, name=NAME, role=Role.ADMIN, person_id="setup")
            spki = self._key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            body = {"token": made.token, "public_key": _b64(spki)}
            self._device_id = self._post("/api/v1/enrol", body)["device_id"]
        challenge = self._post("/api/v1/session/challenge", {"device_id": self._device_id})
        text = challenge["challenge"]
        der = self._key.sign(f"vigia-session:{text}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        body = {
            "device_id": self._device_id,
            "challenge": text,
            "signature": _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
        }
        self._post("/api/v1/session", body)

    def _get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        connection = self._connection()
        headers = {"Cookie": self._cookie, "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            cookie = answer.getheader("Set-Cookie")
        finally:
            connection.close()
        if cookie is not None:
            self._cookie = cookie.partition(";")[0]
        if answer.status != 200:
            raise SiteError(f"{path}: {answer.status} {data[:300].decode(errors='replace')}")
        return json.loads(data)

    def _connection(self) -> http.client.HTTPConnection:
        ca = self._folder / "keys" / "tls" / "ca.crt"
        if not self._secure:
            return http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S)
        # A given certificate may not be for 127.0.0.1; whom we talk to here is our own process.
        context = ssl.create_default_context(cafile=str(ca)) if ca.is_file() else _UNCHECKED()
        return http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=ANSWER_S, context=context
        )


_UNCHECKED = ssl._create_unverified_context  # pyright: ignore[reportPrivateUsage] - public name: none


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
