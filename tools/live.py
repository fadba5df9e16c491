"""A whole vigia as its users start it, as a subprocess; and a device that enrols."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from vigia.run.invitations import invite
from vigia.terms import Lang, Role

START_S = 20.0
STARTING_TRIES = 100
PORT_LOW, PORT_HIGH, PORT_TRIES = 11_000, 32_000, 50


def free_port() -> int:
    """Drawn at random below the ports that the system hands out by itself: two tests that ask one
    after the other, in two processes, would get the same one of those."""
    for _ in range(PORT_TRIES):
        port = PORT_LOW + secrets.randbelow(PORT_HIGH - PORT_LOW)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {PORT_LOW} to {PORT_HIGH}")


class Live:
    """Running processes on a data folder. `folder` is where the journal is."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self.closing = ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def pids(self, module: str) -> list[int]:
        """Processes of ours that run a module, by its name in their command line."""
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if module.encode() in words and str(self.folder).encode() in words:
                found.append(int(entry.name))
        return found

    def kill_everything(self) -> None:
        for module in ("vigia.run.watch_main", "vigia.run.gateway_main"):
            for pid in self.pids(module):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()


@contextmanager
def live(
    args: list[str],
    folder: Path,
    port: int | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    module: str = "vigia",
) -> Generator[Live]:
    """`vigia <args> --listen …` until the block ends. folder: the journal's."""
    port = port or free_port()
    command = [sys.executable, "-m", module, *args, "--listen", f"127.0.0.1:{port}"]
    log = folder.with_name(f"{folder.name}.log")
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=stdin)
    running = Live(folder, port, process)
    try:
        wait_for(lambda: _answers(port) or _dead(process, log), START_S)
        yield running
    finally:
        running.closing.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                running.kill_everything()
        if process.stdin is not None:
            process.stdin.close()


def wait_for(met: Callable[[], Any], seconds: float, every_s: float = 0.05) -> Any:
    """The first true answer; AssertionError when it stays false."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = met()
        if found:
            return found
        time.sleep(every_s)
    raise AssertionError(f"not within {seconds} s: {met}")


class Person:
    """A device with its own P-256 key, as the page's WebCrypto makes it."""

    def __init__(self, running: Live) -> None:
        self.base = base = running.url
        self._closing = running.closing
        self.http = running.closing.enter_context(
            httpx.Client(base_url=base, headers={"Origin": base}, timeout=10)
        )
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.device_id = ""
        self.person: dict[str, Any] = {}

    @classmethod
    def enrolled(
        cls,
        running: Live,
        name: str,
        role: Role,
        *,
        post_id: str | None = None,
        lang: Lang = Lang.EN,
        agency_id: str = "site",
    ) -> Person:
        made = invite(
            running.folder, name=name, role=role, post_id=post_id, lang=lang, agency_id=agency_id
        )
        person = cls(running)
        person.enrol(made.token)
        person.open_session()
        return person

    def enrol(self, token: str) -> None:
        spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        body = {"token": token, "public_key": _b64(spki)}
        answer = self.http.post("/api/v1/enrol", json=body)
        for _ in range(STARTING_TRIES):  # 503 while the watch process starts
            if answer.status_code != 503:
                break
            time.sleep(0.1)
            answer = self.http.post("/api/v1/enrol", json=body)
        assert answer.status_code == 200, answer.text
        self.device_id = answer.json()["device_id"]
        self.person = answer.json()["person"]

    def open_session(self) -> None:
        asked = self.http.post("/api/v1/session/challenge", json={"device_id": self.device_id})
        challenge = asked.json()["challenge"]
        der = self.key.sign(f"vigia-session:{challenge}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        answer = self.http.post(
            "/api/v1/session",
            json={
                "device_id": self.device_id,
                "challenge": challenge,
                "signature": _b64(r.to_bytes(32, "big") + s.to_bytes(32, "big")),
            },
        )
        assert answer.status_code == 200, answer.text

    def cookie(self) -> str:
        return "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)

    def socket(self) -> Page:
        cookie = self.cookie()
        url = self.base.replace("http", "ws", 1) + "/ws"
        opened = connect(
            url,
            additional_headers={"Cookie": cookie},
            origin=Origin(self.base),
        )
        return Page(self._closing.enter_context(opened))

    def report(self, report_id: str, **more: Any) -> httpx.Response:
        body = {
            "report_id": report_id,
            "t_ms": int(time.time() * 1000),
            "sense": "seen",
            "kind": "unknown",
            **more,
        }
        return self.http.post("/api/v1/sightings", json=body)


class Page:
    """An open page: what came so far, and waiting for what is to come."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.seen: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.ws.send(json.dumps(message))

    def wait(
        self, t: str, fits: Callable[[dict[str, Any]], bool] = lambda _m: True, seconds: float = 10
    ) -> dict[str, Any]:
        """The next message of a kind that fits."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = json.loads(self.ws.recv(timeout=left))
            except TimeoutError:
                break
            message["_at"] = time.time()
            self.seen.append(message)
            if message["t"] == t and fits(message):
                return message
        kinds = [m["t"] for m in self.seen[-20:]]
        raise AssertionError(f"no {t!r} that fits within {seconds} s; got {kinds}")

    def close(self) -> None:
        self.ws.close()


def takes_people(running: Live) -> bool:
    """The first start on a machine compiles for a while; then somebody can be enrolled."""
    try:
        Person.enrolled(running, "First", Role.VIEWER)
    except AssertionError:
        return False
    return True


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


def _dead(process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is None:
        return False
    raise AssertionError(f"vigia ended: {log.read_text()}")
