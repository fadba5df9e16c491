"""Names and addresses of a site -> its own CA, made once, and a leaf certificate, renewed.

The CA may speak for this site's names and addresses only (critical name constraints), so that a
phone which trusts it trusts nothing else. Its key never leaves keys/tls. Files: ca.crt, ca.key,
leaf.crt (leaf and CA), leaf.key; keys are 0600.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import ipaddress
import os
import socket
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vigia.run.settings import SettingsError

CA_DAYS = 3_650
LEAF_DAYS = 397  # browsers take no longer ones
RENEW_DAYS = 30
NAMES_MAX = 64
CLOCK_SKEW = dt.timedelta(days=1)  # a phone's clock may be behind

_Key: TypeAlias = ec.EllipticCurvePrivateKey


class SiteCertificate(NamedTuple):
    """Paths of PEM files."""

    chain: Path
    key: Path
    ca: Path


def site_certificate(
    folder: Path, hosts: Sequence[str], address: str, site: str, *, now: dt.datetime | None = None
) -> SiteCertificate:
    """Made on first use; the leaf anew when it nears its end or the names changed.

    Raises SettingsError when a name is beyond what the CA may speak for.
    """
    now = now or dt.datetime.now(dt.UTC)
    names = site_names(hosts, address)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = SiteCertificate(folder / "leaf.crt", folder / "leaf.key", folder / "ca.crt")
    ca_key_path = folder / "ca.key"
    with locked(folder):
        if not files.ca.is_file() or not ca_key_path.is_file():
            _make_ca(files.ca, ca_key_path, names, site, now)
        ca, ca_key = _load(files.ca, ca_key_path)
        _check_covered(ca, names, folder)
        if not _leaf_good(files, ca, names, now):
            _make_leaf(files, ca, ca_key, names, now)
    return files


@contextlib.contextmanager
def locked(folder: Path) -> Generator[None]:
    """Gateway, TAK process and command line may all be the first to need a certificate."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def site_names(hosts: Sequence[str], address: str) -> list[str]:
    """What the leaf is for: what the settings say, else this machine's name and addresses."""
    names = [h.lower().rstrip(".") for h in hosts]
    if not names:
        name = socket.gethostname().lower()
        names = [name, f"{name}.local"]
        names += own_addresses() if address in ("0.0.0.0", "::") else [address]
    names += ["localhost", "127.0.0.1"]
    if len(names) > NAMES_MAX:
        raise SettingsError(f"[listen] hosts: got {len(names)} names; at most {NAMES_MAX}")
    return list(dict.fromkeys(names))


def own_addresses() -> list[str]:
    """Addresses others may reach this machine by, the usual one first. Sends nothing."""
    found: list[str] = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))  # UDP: chooses a route, sends no packet
            found.append(str(probe.getsockname()[0]))
    with contextlib.suppress(OSError):
        for *_, sockaddr in socket.getaddrinfo(socket.gethostname(), None):
            found.append(str(sockaddr[0]))
    kept = [a for a in dict.fromkeys(found) if "%" not in a]
    return kept or ["127.0.0.1"]


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _permitted(name: str) -> x509.GeneralName:
    """A constraint is a subtree: one address, or a name and what is below it."""
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _make_ca(path: Path, key_path: Path, names: Sequence[str], site: str, now: dt.datetime) -> None:
    only = x509.NameConstraints([_permitted(n) for n in names], excluded_subtrees=None)
    make_ca(
        path,
        key_path,
        f"vigia site CA: {site}",
        ExtendedKeyUsageOID.SERVER_AUTH,
        days=CA_DAYS,
        now=now,
        only=only,
    )


def make_ca(
    path: Path,
    key_path: Path,
    name: str,
    usage: x509.ObjectIdentifier,
    *,
    days: int,
    now: dt.datetime,
    only: x509.NameConstraints | None = None,
) -> None:
    """A new self-signed authority for certificates of one usage, key first. only: its names."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(ca_usage(), critical=True)
    )
    if only is not None:
        builder = builder.add_extension(only, critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.add_extension(identifier, critical=False).sign(key, SHA256())
    _write_key(key_path, key)
    write_whole(path, certificate.public_bytes(Encoding.PEM), mode=0o644)


def _make_leaf(
    files: SiteCertificate,
    ca: x509.Certificate,
    ca_key: _Key,
    names: Sequence[str],
    now: dt.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    # The subject stays empty: constraints would be checked against a name in it, too.
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(min(now + dt.timedelta(days=LEAF_DAYS), ca.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False
        )
        .sign(ca_key, SHA256())
    )
    _write_key(files.key, key)
    pem = certificate.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM)
    write_whole(files.chain, pem, mode=0o644)


def ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _leaf_good(
    files: SiteCertificate, ca: x509.Certificate, names: Sequence[str], now: dt.datetime
) -> bool:
    """Ours, for these names, not near its end, and its key is there."""
    try:
        leaf, key = _load(files.chain, files.key)
        leaf.verify_directly_issued_by(ca)
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (SettingsError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        leaf.public_key() == key.public_key()
        and set(alternative) == {_general(n) for n in names}
        and leaf.not_valid_after_utc - now > dt.timedelta(days=RENEW_DAYS)
        and leaf.not_valid_before_utc <= now
    )


def _check_covered(ca: x509.Certificate, names: Sequence[str], folder: Path) -> None:
    try:
        limits = ca.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        raise SettingsError(
            f"{folder / 'ca.crt'}: got a CA without name constraints; move {folder} away and a "
            "new one is made"
        ) from None
    permitted = {str(p.value) for p in limits.permitted_subtrees or []}
    missing = [n for n in names if not _covers(permitted, n)]
    if missing:
        raise SettingsError(
            f"[listen] hosts: got {', '.join(missing)}; the site CA in {folder} may only speak "
            f"for {', '.join(sorted(permitted))}; correct hosts, or move that folder away: a new "
            "CA is made, which every phone must trust anew"
        )


def _covers(permitted: set[str], name: str) -> bool:
    try:
        return str(ipaddress.ip_network(name)) in permitted
    except ValueError:
        return any(name == p or name.endswith(f".{p}") for p in permitted)


def _load(path: Path, key_path: Path) -> tuple[x509.Certificate, _Key]:
    """Raises SettingsError."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = load_pem_private_key(key_path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise SettingsError(
            f"{path}, {key_path}: cannot be read ({e}); restore them, or move the folder away"
        ) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsError(f"{key_path}: got another kind of key; need one on P-256")
    return certificate, key


def _write_key(path: Path, key: _Key) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, pem, mode=0o600)


def write_whole(path: Path, data: bytes, *, mode: int) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    part = path.with_suffix(path.suffix + ".part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    os.replace(part, path)
