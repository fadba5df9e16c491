"""To a TAK server over TLS: both sides prove themselves; one nobody vouches for gets nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from test_tak import WORDS, Server, alert, offer, run, running, until
from vigia.run.settings import SettingsError
from vigia.run.site_ca import site_certificate
from vigia.run.tak import TakSender
from vigia.run.tak_wire import parse_url


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A client's certificate that the server knows by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vigia")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, SHA256())
    )
    certificate, private = folder / "client.pem", folder / "client.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private


class TlsServer(Server):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context

    async def start(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=4096, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]


def server_of(folder: Path, trusted: Path) -> tuple[TlsServer, Path]:
    files = site_certificate(folder / "tls", ["localhost"], "127.0.0.1:1", "test")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(trusted))
    context.load_cert_chain(files.chain, files.key)
    context.verify_mode = ssl.CERT_REQUIRED
    return TlsServer(context), files.ca


def test_an_alert_reaches_a_server_that_asks_for_a_certificate(tmp_path: Path) -> None:
    async def test() -> None:
        certificate, private = self_signed(tmp_path)
        server, ca = server_of(tmp_path, certificate)
        await server.start()
        options = f"ca={ca}&cert={certificate}&key={private}&name=localhost"
        sender = TakSender(f"tls://127.0.0.1:{server.port}?{options}", WORDS)
        async with running(sender) as handed:
            offer(sender, alert())
            await until(lambda: bool(server.events()))
            await until(lambda: bool(handed))
            assert handed[0][1:] == (True, None)
        await server.stop()

    run(test())


def test_a_server_nobody_vouches_for_is_told_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        certificate, private = self_signed(tmp_path)
        server, _ = server_of(tmp_path, certificate)
        await server.start()
        options = f"ca={certificate}&cert={certificate}&key={private}&name=localhost"
        sender = TakSender(f"tls://127.0.0.1:{server.port}?{options}", WORDS)
        async with running(sender):
            offer(sender, alert())
            await until(lambda: "certificate verify failed" in sender.health.last_error.lower())
            assert server.events() == []
        await server.stop()

    run(test())


def test_a_file_that_is_not_there_or_an_unknown_word_is_told_at_once() -> None:
    with pytest.raises(SettingsError, match="need a PEM file that is there"):
        parse_url("tls://192.0.2.1:8089?ca=/nowhere/ca.pem")
    with pytest.raises(SettingsError, match="does not know 'password'"):
        parse_url("tls://192.0.2.1:8089?password=x")
