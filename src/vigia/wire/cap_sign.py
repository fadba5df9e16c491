"""CAP messages: signed (enveloped XML signature, ECDSA P-256), and judged against pinned anchors.

A signature is worth what its certificate is worth: only a certificate that the operator pinned
itself, or one issued by a pinned authority, is trusted; what the message brings along proves
nothing. What is trusted is what was signed: the message is read again from the signed bytes.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from vigia.wire.advert import Refused
from vigia.wire.cap import CAP_MAX, CapMessage, parse, to_bytes
from vigia.wire.cap_rules import DSIG
from vigia.wire.xml_guard import read_xml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from vigia.wire.xml_guard import Element

CHAIN_MAX = 4  # certificates a message may bring
ANCHORS_MAX = 64
_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


class Trust(Enum):
    """What a received message is worth. Only TRUSTED says that its sender is who we pinned."""

    TRUSTED = "trusted"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"  # changed since, or made by another key
    UNKNOWN_SIGNER = "unknown_signer"  # signed well by somebody nobody pinned
    EXPIRED = "expired"  # a pinned signer, whose certificate was not valid then
    REFUSED = "refused"  # not a CAP message at all


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """message: None when it was refused; of a signed one that holds, what was signed."""

    trust: Trust
    why: str = ""
    message: CapMessage | None = None
    signer: str | None = None  # SHA-256 of the signer's certificate
    signer_name: str | None = None


def sign(root: Element, key: EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]) -> bytes:
    """The document as it goes out, signed once for all who get it. chain: the signer's first."""
    assert isinstance(key.curve, ec.SECP256R1), f"key: got {key.curve.name}, need P-256"
    signer: Any = XMLSigner(  # Any: signxml's types are half there
        signature_algorithm=SignatureMethod.ECDSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return to_bytes(signer.sign(root, key=key, cert=list(chain)))


def fingerprint(certificate: x509.Certificate) -> str:
    return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def judge(data: bytes, anchors: Sequence[x509.Certificate], *, t_ns: int) -> Verdict:
    """t_ns: when the signer's certificate must be valid; receipt, or what was sent then."""
    message = parse(data)
    if isinstance(message, Refused):
        return Verdict(trust=Trust.REFUSED, why=message.what)
    if not message.signed:
        return Verdict(trust=Trust.UNSIGNED, why="no signature", message=message)
    tree = read_xml(data, size_max=CAP_MAX, whole=True)
    assert not isinstance(tree, Refused), "parse() read the same bytes"
    found = _chain(tree)
    if isinstance(found, str):
        return Verdict(trust=Trust.BAD_SIGNATURE, why=found, message=message)
    signed = _signed_bytes(tree, found[0])
    if isinstance(signed, Refused):
        return _verdict(Trust.BAD_SIGNATURE, signed.what, message, found[0])
    message = parse(signed)
    if isinstance(message, Refused):
        return Verdict(trust=Trust.REFUSED, why=f"what was signed: {message.what}")
    at = datetime.fromtimestamp(t_ns // 1_000_000_000, tz=UTC)
    trust, why = _trust(found, anchors, at)
    return _verdict(trust, why, message, found[0])


def _verdict(trust: Trust, why: str, message: CapMessage, leaf: x509.Certificate) -> Verdict:
    try:
        name = leaf.subject.rfc4514_string()
    except ValueError:
        name = "?"
    return Verdict(
        trust=trust, why=why, message=message, signer=fingerprint(leaf), signer_name=name[:200]
    )


def _chain(tree: Element) -> list[x509.Certificate] | str:
    """The certificates the message brings, the signer's first; or why there is none."""
    signatures = tree.findall(f"{{{DSIG}}}Signature")
    if len(signatures) != 1:
        return f"signature: got {len(signatures)}; need one, directly in alert"
    path = f"{{{DSIG}}}KeyInfo/{{{DSIG}}}X509Data/{{{DSIG}}}X509Certificate"
    texts = [element.text or "" for element in signatures[0].findall(path)]
    if not 1 <= len(texts) <= CHAIN_MAX:
        return f"signature: got {len(texts)} certificates; need 1 to {CHAIN_MAX}"
    try:
        found = [x509.load_der_x509_certificate(b64decode(text)) for text in texts]
    except ValueError as e:
        return f"signature: a certificate cannot be read ({e})"
    # The order is not prescribed: the signer's is the one that has issued none of the others.
    issuers = {c.issuer.public_bytes() for c in found if c.issuer != c.subject}
    leaves = [c for c in found if c.subject.public_bytes() not in issuers]
    leaf = leaves[0] if leaves else found[0]
    return [leaf, *(c for c in found if c != leaf)]


def _signed_bytes(tree: Element, leaf: x509.Certificate) -> bytes | Refused:
    """What the signature covers, if it holds under this certificate's key."""
    config = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=_METHODS,
        digest_algorithms=_DIGESTS,
        # whether the certificate was valid is judged for itself: _trust()
        verification_time=leaf.not_valid_before_utc,
    )
    try:
        verifier: Any = XMLVerifier()
        result = verifier.verify(tree, x509_cert=leaf, expect_config=config)
    except (SignXMLException, ValueError, TypeError, AssertionError, KeyError) as e:
        return Refused(code="signature", what=f"signature: {type(e).__name__}: {str(e)[:200]}")
    assert not isinstance(result, list), "one reference was asked for"
    return result.signed_data


def _trust(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime
) -> tuple[Trust, str]:
    leaf = chain[0]
    within = leaf.not_valid_before_utc <= at <= leaf.not_valid_after_utc
    window = f"{leaf.not_valid_before_utc:%Y-%m-%d} to {leaf.not_valid_after_utc:%Y-%m-%d}"
    expired = f"the signer's certificate is good from {window}, not at {at:%Y-%m-%d %H:%M}Z"
    if any(leaf == anchor for anchor in anchors[:ANCHORS_MAX]):
        return (Trust.TRUSTED, "") if within else (Trust.EXPIRED, expired)
    if not anchors:
        return Trust.UNKNOWN_SIGNER, "no certificate is pinned here"
    why = _issued(chain, anchors, at)
    if why is None:
        return Trust.TRUSTED, ""
    if not within and _issued(chain, anchors, leaf.not_valid_before_utc) is None:
        return Trust.EXPIRED, expired
    return Trust.UNKNOWN_SIGNER, why


def _issued(
    chain: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime
) -> str | None:
    """None: a path leads from the signer to a pinned authority."""
    ends = verification.ExtensionPolicy.permit_all().require_present(
        x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign
    )
    try:
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(list(anchors[:ANCHORS_MAX])))
            .time(at)
            .extension_policies(
                ee_policy=ends, ca_policy=verification.ExtensionPolicy.webpki_defaults_ca()
            )
            .build_client_verifier()
        )
        verifier.verify(chain[0], list(chain[1:]))
    except (verification.VerificationError, ValueError) as e:
        return f"no pinned certificate vouches for the signer ({str(e)[:160]})"
    return None


def _may_sign(
    _policy: verification.Policy, _certificate: x509.Certificate, usage: x509.KeyUsage | None
) -> None:
    if usage is None or not usage.digital_signature:
        raise ValueError("the certificate is not for signing")
