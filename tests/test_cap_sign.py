"""A signed CAP message: trusted from whom we pinned, and from nobody else."""

from __future__ import annotations

import pytest
from lxml import etree
from signxml import XMLVerifier

from cap_world import DAY_NS, NOW_NS, a_certificate, a_key, a_message
from corpus import corpus
from vigia.wire.cap import to_bytes, to_xml
from vigia.wire.cap_rules import CAP, DSIG
from vigia.wire.cap_sign import Trust, fingerprint, judge, sign

KEY = a_key()
OURS = a_certificate(KEY, "Agency A")
CA_KEY = a_key()
CA = a_certificate(CA_KEY, "Authority", ca=True)
LEAF_KEY = a_key()
LEAF = a_certificate(LEAF_KEY, "Agency B", issuer=(CA, CA_KEY))


def signed(**changes: object) -> bytes:
    return sign(to_xml(a_message(**changes)), KEY, [OURS])


def test_a_pinned_signer_is_trusted_and_what_was_signed_is_read() -> None:
    verdict = judge(signed(), [OURS], t_ns=NOW_NS)
    assert verdict.trust is Trust.TRUSTED
    assert verdict.message is not None
    assert verdict.message.identifier == "vigia.a1.1"
    assert verdict.signer == fingerprint(OURS)
    assert verdict.signer_name == "CN=Agency A"


def test_another_library_verifies_it_and_the_schema_holds() -> None:
    data = signed()
    XMLVerifier().verify(data, x509_cert=OURS)
    schema = etree.XMLSchema(etree.parse(str(corpus("cap/xsd/cap12.xsd"))))
    schema.assertValid(etree.fromstring(data))


def test_a_signer_nobody_pinned_is_not_trusted_whatever_he_brings() -> None:
    assert judge(signed(), [], t_ns=NOW_NS).trust is Trust.UNKNOWN_SIGNER
    assert judge(signed(), [LEAF, CA], t_ns=NOW_NS).trust is Trust.UNKNOWN_SIGNER


def test_a_certificate_of_a_pinned_authority_is_trusted() -> None:
    data = sign(to_xml(a_message()), LEAF_KEY, [LEAF, CA])
    assert judge(data, [CA], t_ns=NOW_NS).trust is Trust.TRUSTED
    assert judge(data, [OURS], t_ns=NOW_NS).trust is Trust.UNKNOWN_SIGNER


def test_a_leaf_of_a_pinned_authority_cannot_make_more_signers() -> None:
    forged_key = a_key()
    forged = a_certificate(forged_key, "Forger", issuer=(LEAF, LEAF_KEY))
    data = sign(to_xml(a_message()), forged_key, [forged, LEAF])
    assert judge(data, [CA], t_ns=NOW_NS).trust is Trust.UNKNOWN_SIGNER


def test_a_certificate_that_is_not_for_signing_is_not_trusted() -> None:
    key = a_key()
    server = a_certificate(key, "Server", issuer=(CA, CA_KEY), may_sign=False)
    data = sign(to_xml(a_message()), key, [server])
    assert judge(data, [CA], t_ns=NOW_NS).trust is Trust.UNKNOWN_SIGNER


def test_an_expired_certificate_is_told_as_such_and_was_good_when_it_was_sent() -> None:
    late = NOW_NS + 60 * DAY_NS
    for data, anchor in ((signed(), OURS), (sign(to_xml(a_message()), LEAF_KEY, [LEAF]), CA)):
        verdict = judge(data, [anchor], t_ns=late)
        assert verdict.trust is Trust.EXPIRED
        assert verdict.message is not None
        assert judge(data, [anchor], t_ns=verdict.message.t_sent_ns).trust is Trust.TRUSTED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<urgency>Immediate<", b"<urgency>Past<"),
        (b"<scope>Restricted<", b"<scope>Public<"),
        (b"<msgType>Alert<", b"<msgType>Cancel<"),
        (b"vigia.a1.1<", b"vigia.a1.2<"),
    ],
)
def test_a_changed_message_is_a_bad_signature(old: bytes, new: bytes) -> None:
    data = signed()
    assert old in data
    verdict = judge(data.replace(old, new), [OURS], t_ns=NOW_NS)
    assert verdict.trust is Trust.BAD_SIGNATURE


def test_the_claimed_certificate_must_have_made_the_signature() -> None:
    other = a_key()
    data = sign(to_xml(a_message()), other, [OURS])
    assert judge(data, [OURS], t_ns=NOW_NS).trust is Trust.BAD_SIGNATURE


def test_an_unsigned_message_is_read_and_worth_nothing() -> None:
    verdict = judge(to_bytes(to_xml(a_message())), [OURS], t_ns=NOW_NS)
    assert verdict.trust is Trust.UNSIGNED
    assert verdict.message is not None


def test_a_signature_wrapped_around_another_message_is_refused() -> None:
    """The signed alert moves into the signature's own Object; a false one takes its place."""
    good = etree.fromstring(signed())
    signature = good.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    false = to_xml(a_message(msg_type="Cancel", scope="Public"))
    false.append(signature)
    reference = signature.find(f".//{{{DSIG}}}Reference")
    assert reference is not None
    good.set("Id", "good")
    reference.set("URI", "#good")
    etree.SubElement(signature, f"{{{DSIG}}}Object").append(good)
    verdict = judge(to_bytes(false), [OURS], t_ns=NOW_NS)
    assert verdict.trust is not Trust.TRUSTED


def test_two_signatures_or_a_hidden_one_are_refused() -> None:
    twice = etree.fromstring(signed())
    signature = twice.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    twice.append(etree.fromstring(etree.tostring(signature)))
    assert judge(to_bytes(twice), [OURS], t_ns=NOW_NS).trust is Trust.BAD_SIGNATURE


def test_comments_cannot_hide_words_from_the_signature() -> None:
    data = signed().replace(b"<status>Exercise<", b"<status>Exer<!-- x -->cise<")
    verdict = judge(data, [OURS], t_ns=NOW_NS)
    assert verdict.trust is Trust.TRUSTED
    assert verdict.message is not None
    assert verdict.message.status == "Exercise"


def test_garbage_in_the_certificate_is_a_bad_signature() -> None:
    data = etree.fromstring(signed())
    certificate = data.find(f".//{{{DSIG}}}X509Certificate")
    assert certificate is not None
    for text in ("", "!!!", "AAAA"):
        certificate.text = text
        assert judge(to_bytes(data), [OURS], t_ns=NOW_NS).trust is Trust.BAD_SIGNATURE


def test_what_is_no_cap_message_is_refused_with_the_place() -> None:
    root = to_xml(a_message())
    urgency = root.find(f".//{{{CAP}}}urgency")
    assert urgency is not None
    urgency.text = "Soon"
    verdict = judge(to_bytes(root), [OURS], t_ns=NOW_NS)
    assert verdict.trust is Trust.REFUSED
    assert "urgency" in verdict.why
