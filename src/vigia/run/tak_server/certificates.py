"""Client certificates for TAK: a CA for them alone, one certificate a person and device.

The site CA speaks for the server's names only and cannot sign clients, so this is another CA, whose
word counts nowhere but at our TAK door. The certificate's name is the device's identifier, which
derives from its key; whether the person lets his position be used stands in it, too.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vigia.run.sessions import device_id_of
from vigia.run.settings import SettingsError
from vigia.run.site_ca import CLOCK_SKEW, locked, make_ca

CA_DAYS = 3_650
CLIENT_DAYS = 397
RSA_BITS = 2_048  # what every TAK client's key store takes
POSITIONS = "positions"  # organisational unit of those who let their position be used
P12_ROUNDS = 50_000


class ClientCa(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    path: Path  # PEM


class ClientKey(NamedTuple):
    """p12: key and certificate under a password of its own."""

    device_id: str
    spki: bytes
    p12: bytes


class Proved(NamedTuple):
    """What a certificate says, after TLS has checked who signed it."""

    device_id: str
    positions: bool


def client_ca(folder: Path, site: str, *, now: dt.datetime | None = None) -> ClientCa:
    """Made on first use. folder: keys/tak of the data folder. Raises SettingsError."""
    now = now or dt.datetime.now(dt.UTC)
    path, key_path = folder / "clients.crt", folder / "clients.key"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder):
        if not path.is_file() or not key_path.is_file():
            _make_ca(path, key_path, site, now)
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = load_pem_private_key(key_path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise SettingsError(
            f"{path}, {key_path}: cannot be read ({e}); restore them, or move them away: a new CA "
            "is made, and every TAK client needs a new package"
        ) from e
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsError(f"{key_path}: got another kind of key; need one on P-256")
    return ClientCa(certificate, key, path)


def make_client(
    ca: ClientCa,
    site_pem: bytes,
    *,
    password: str,
    label: str,
    positions: bool,
    now: dt.datetime | None = None,
) -> ClientKey:
    """A new key and its certificate. Takes a tenth of a second or more. site_pem: who signs the
    server; it lies beside the key because simple tools look for it there."""
    now = now or dt.datetime.now(dt.UTC)
    key = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    device_id = device_id_of(spki)
    names = [x509.NameAttribute(NameOID.COMMON_NAME, device_id)]
    if positions:
        names.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, POSITIONS))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(
            min(now + dt.timedelta(days=CLIENT_DAYS), ca.certificate.not_valid_after_utc)
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .sign(ca.key, SHA256())
    )
    trusted = x509.load_pem_x509_certificate(site_pem)
    p12 = pkcs12.serialize_key_and_certificates(
        label.encode(), key, certificate, [trusted], _old_encryption(password)
    )
    return ClientKey(device_id, spki, p12)


def trust_store(ca_pem: bytes, *, password: str, label: str) -> bytes:
    """The CA that a client is to believe, as PKCS #12."""
    certificate = x509.load_pem_x509_certificate(ca_pem)
    return pkcs12.serialize_key_and_certificates(
        label.encode(), None, None, [certificate], _old_encryption(password)
    )


def proved_by(der: bytes) -> Proved | None:
    """None: not a certificate that we could have made."""
    with suppress(ValueError, UnsupportedAlgorithm, IndexError):
        certificate = x509.load_der_x509_certificate(der)
        spki = certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return Proved(device_id_of(spki), any(unit.value == POSITIONS for unit in units))
    return None


def _old_encryption(password: str):
    """Triple DES and SHA-1: the only kind that ATAK, WinTAK and iTAK of all ages open. It guards
    little, and need not: the password lies beside it in the same package."""
    return (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(P12_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(SHA1())
        .build(password.encode())
    )


def _make_ca(path: Path, key_path: Path, site: str, now: dt.datetime) -> None:
    name, usage = f"vigia TAK clients: {site}", ExtendedKeyUsageOID.CLIENT_AUTH
    make_ca(path, key_path, name, usage, days=CA_DAYS, now=now)
