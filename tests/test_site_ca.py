"""The site's own CA: what it may speak for, who believes it, when its leaf is renewed."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from gateway_world import run, world
from vigia.run.settings import SettingsError
from vigia.run.site_ca import LEAF_DAYS, RENEW_DAYS, own_addresses, site_certificate, site_names

HOSTS = ("vigia.lan", "192.168.7.10")
NOW = dt.datetime.now(dt.UTC)


def cert(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def context(folder: Path, hosts: tuple[str, ...] = HOSTS) -> tuple[ssl.SSLContext, Path]:
    found = site_certificate(folder, hosts, "127.0.0.1", "Test")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(found.chain, found.key)
    return server, found.ca


def test_a_phone_that_trusts_the_ca_gets_https_and_a_secure_cookie(tmp_path: Path) -> None:
    async def go() -> None:
        server, ca = context(tmp_path / "keys" / "tls")
        async with world(tmp_path, tls=server, ca=ca) as w:
            assert w.url.startswith("https://localhost")
            phone = await w.enrolled()
            answer = await phone.open_session()
            assert "; Secure" in answer.headers["set-cookie"]
            assert "strict-transport-security" in answer.headers
            async with phone.page() as page:
                await page.hear("hello")
            assert (await phone.http.get("/ca.crt")).content == ca.read_bytes()
            async with httpx.AsyncClient() as stranger:
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await stranger.get(w.url)

    run(go)


def test_the_ca_may_speak_for_this_site_only(tmp_path: Path) -> None:
    found = site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test")
    limits = cert(found.ca).extensions.get_extension_for_class(x509.NameConstraints)
    assert limits.critical
    permitted = {str(p.value) for p in limits.value.permitted_subtrees or []}
    assert permitted == {"vigia.lan", "192.168.7.10/32", "localhost", "127.0.0.1/32"}
    basic = cert(found.ca).extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    for name in ("ca.key", "leaf.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_a_certificate_for_another_name_by_this_ca_is_not_believed(tmp_path: Path) -> None:
    """What a thief of the CA's key could do: nothing beyond the site's names."""
    from vigia.run import site_ca

    server, ca = context(tmp_path)
    own, key = site_ca._load(ca, tmp_path / "ca.key")
    files = site_ca.SiteCertificate(tmp_path / "evil.crt", tmp_path / "evil.key", ca)
    site_ca._make_leaf(files, own, key, ["bank.example"], NOW)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.chain, files.key)

    async def go() -> None:
        listening = await asyncio.start_server(
            lambda _r, writer: writer.close(), "127.0.0.1", 0, ssl=server
        )
        port = listening.sockets[0].getsockname()[1]
        trust = ssl.create_default_context(cafile=str(ca))
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=trust, server_hostname="bank.example"
            )
        listening.close()

    asyncio.run(go())


def test_the_leaf_is_renewed_before_its_end_and_the_ca_stays(tmp_path: Path) -> None:
    first = site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test", now=NOW)
    ca, leaf = cert(first.ca), cert(first.chain)
    site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test", now=NOW + dt.timedelta(days=300))
    assert cert(first.chain) == leaf
    later = NOW + dt.timedelta(days=LEAF_DAYS - RENEW_DAYS + 1)
    site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test", now=later)
    assert cert(first.chain) != leaf
    assert cert(first.chain).not_valid_after_utc > later + dt.timedelta(days=RENEW_DAYS)
    assert cert(first.ca) == ca


def test_a_damaged_leaf_is_made_anew_and_other_names_within_the_limits_too(tmp_path: Path) -> None:
    found = site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test")
    found.chain.write_text("rubbish")
    site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test")
    site_certificate(tmp_path, ("www.vigia.lan",), "127.0.0.1", "Test")
    names = cert(found.chain).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert "www.vigia.lan" in names.value.get_values_for_type(x509.DNSName)
    assert ipaddress.ip_address("127.0.0.1") in names.value.get_values_for_type(x509.IPAddress)


def test_a_name_beyond_the_ca_and_a_damaged_ca_are_told(tmp_path: Path) -> None:
    found = site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test")
    with pytest.raises(SettingsError, match=r"elsewhere\.example; the site CA"):
        site_certificate(tmp_path, ("elsewhere.example",), "127.0.0.1", "Test")
    found.ca.write_text("rubbish")
    with pytest.raises(SettingsError, match="restore them"):
        site_certificate(tmp_path, HOSTS, "127.0.0.1", "Test")


def test_without_names_the_machine_speaks_for_itself() -> None:
    names = site_names((), "0.0.0.0")
    assert {"localhost", "127.0.0.1", *own_addresses()} <= set(names)
    assert site_names(("A.LAN.",), "10.0.0.1")[0] == "a.lan"
