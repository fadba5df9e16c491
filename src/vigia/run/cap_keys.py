"""Our CAP key and the certificate that others pin, in the keys folder, made at first need."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from vigia.run.pem_keys import own_key, read_bounded, write_whole
from vigia.run.settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

KEY = "cap.key"
CERTIFICATE = "cap.crt"
DAYS = 3_650
CLOCK_SKEW = dt.timedelta(days=1)


def cap_identity(
    keys: Path, name: str, *, now: dt.datetime | None = None
) -> tuple[EllipticCurvePrivateKey, list[x509.Certificate]]:
    """The key, and its certificate first of what goes along. An operator may put a certificate of
    an authority, with its chain, in cap.crt. Raises SettingsError."""
    key = own_key(keys / KEY)
    path = keys / CERTIFICATE
    if not path.exists():
        made = _self_signed(key, name, now or dt.datetime.now(dt.UTC))
        write_whole(path, made.public_bytes(Encoding.PEM), mode=0o644)
    try:
        chain = x509.load_pem_x509_certificates(read_bounded(path))
    except (OSError, ValueError) as e:
        raise SettingsError(
            f"{path}: got no certificate ({e}); need PEM, the signer's first"
        ) from e
    if chain[0].public_key() != key.public_key():
        raise SettingsError(f"{path}: got the certificate of another key than {keys / KEY}")
    return key, chain


def _self_signed(key: EllipticCurvePrivateKey, name: str, now: dt.datetime) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"vigia CAP: {name}"[:64])])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
