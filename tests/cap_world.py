"""Keys, certificates and messages for the tests of CAP."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from vigia.wire.cap import Area, CapMessage, Circle, Info

NOW = dt.datetime(2026, 11, 27, 18, 0, tzinfo=dt.UTC)
NOW_NS = int(NOW.timestamp()) * 1_000_000_000
DAY_NS = 86_400_000_000_000
Key = ec.EllipticCurvePrivateKey


def a_message(**changes: Any) -> CapMessage:
    info = Info(
        event="Drone warning",
        urgency="Immediate",
        severity="Extreme",
        certainty="Observed",
        responses=("Shelter",),
        expires="2026-11-27T18:03:00-00:00",
        headline="DANGER",
        description="Take cover.",
        parameters=(("vigia.tier", "3"),),
        areas=(Area(desc="Post 12", circles=(Circle(31.79, -106.75, 2.0),)),),
    )
    fields: dict[str, Any] = {
        "identifier": "vigia.a1.1",
        "sender": "watch@agency.example",
        "sent": "2026-11-27T18:00:00-00:00",
        "status": "Exercise",
        "msg_type": "Alert",
        "scope": "Restricted",
        "restriction": "Agencies only",
        "infos": (info,),
    }
    return CapMessage(**(fields | changes))


def a_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def a_certificate(
    key: Key,
    name: str,
    *,
    issuer: tuple[x509.Certificate, Key] | None = None,
    ca: bool = False,
    days: int = 30,
    may_sign: bool = True,
) -> x509.Certificate:
    """Self-signed without an issuer."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key = key if issuer is None else issuer[1]
    usage = x509.KeyUsage(
        digital_signature=may_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("agency.example")]), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, SHA256())
    )
