"""Web Push's record and token: RFC 8291's own vector byte for byte, pywebpush both ways."""

from __future__ import annotations

import secrets

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey
from pywebpush import WebPusher

from vigia.wire.webpush import (
    BODY_MAX,
    HEADER_BYTES,
    PLAIN_MAX,
    PushRefused,
    Subscriber,
    base64url,
    from_base64url,
    point_bytes,
    prepare,
    seal,
    topic,
    unseal,
    vapid_header,
    vapid_token,
)

# RFC 8291, appendix A
PLAIN = b"When I grow up, I want to be a watermelon"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
PHONE = ec.generate_private_key(ec.SECP256R1())
PHONE_AUTH = secrets.token_bytes(16)
TO = Subscriber(point_bytes(PHONE.public_key()), PHONE_AUTH)


def key_of(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())


def fresh(plain: bytes, pad_to: int = 0) -> bytes:
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    return seal(prepare(TO, ephemeral, secrets.token_bytes(16)), plain, pad_to=pad_to)


def test_the_rfcs_vector_comes_out_byte_for_byte() -> None:
    to = Subscriber(from_base64url(UA_PUBLIC), from_base64url(AUTH))
    sealed = seal(prepare(to, key_of(AS_PRIVATE), from_base64url(SALT)), PLAIN)
    assert base64url(sealed) == BODY
    assert unseal(from_base64url(BODY), key_of(UA_PRIVATE), from_base64url(AUTH)) == PLAIN


def test_what_we_seal_the_peers_library_opens() -> None:
    opened = http_ece.decrypt(
        fresh(b'{"tier":3}', pad_to=512), private_key=PHONE, auth_secret=PHONE_AUTH
    )
    assert opened == b'{"tier":3}'


def test_what_pywebpush_seals_we_open() -> None:
    pusher = WebPusher(
        {
            "endpoint": "https://push.example/1",
            "keys": {"p256dh": base64url(TO.p256dh), "auth": base64url(PHONE_AUTH)},
        }
    )
    body = pusher.encode(b'{"tier":3}')["body"]
    assert unseal(body, PHONE, PHONE_AUTH) == b'{"tier":3}'


@settings(max_examples=30)
@given(plain=st.binary(max_size=PLAIN_MAX), pad_to=st.integers(0, PLAIN_MAX))
def test_any_text_comes_back_whatever_the_padding(plain: bytes, pad_to: int) -> None:
    body = fresh(plain, pad_to)
    assert unseal(body, PHONE, PHONE_AUTH) == plain
    assert len(body) <= BODY_MAX
    assert len(body) == HEADER_BYTES + max(len(plain), pad_to) + 17


def test_padded_messages_have_one_size() -> None:
    assert len({len(fresh(b"x" * n, pad_to=512)) for n in (1, 80, 300, 512)}) == 1


def test_too_long_a_text_is_refused_before_it_is_sealed() -> None:
    with pytest.raises(PushRefused, match=f"at most {PLAIN_MAX}"):
        fresh(b"x" * (PLAIN_MAX + 1))


@settings(max_examples=60)
@given(noise=st.binary(max_size=300))
def test_garbage_is_refused_and_never_anything_else(noise: bytes) -> None:
    for body in (noise, fresh(b"hello")[:HEADER_BYTES] + noise):
        with pytest.raises(PushRefused):
            unseal(body, PHONE, PHONE_AUTH)


@given(point=st.binary(min_size=60, max_size=70), auth=st.binary(max_size=20))
def test_keys_that_are_none_are_refused(point: bytes, auth: bytes) -> None:
    with pytest.raises(PushRefused):
        Subscriber(point, auth)


def test_a_changed_record_is_refused() -> None:
    body = bytearray(fresh(b"take cover"))
    body[-20] ^= 1
    with pytest.raises(PushRefused, match="changed"):
        unseal(bytes(body), PHONE, PHONE_AUTH)


def test_a_topic_is_stable_and_fits_the_header() -> None:
    assert topic("a-1") == topic("a-1") != topic("a-2")
    assert len(topic("a-1")) == 32
    assert set(topic("a-1")) <= set(base64url(bytes(range(256)) * 3)) | {"-", "_"}


def test_the_token_is_a_jwt_that_another_library_verifies() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    token = vapid_token(
        key, audience="https://push.example", t_exp_s=1_800_000_000, subject="mailto:a@b.example"
    )
    seen = jwt.decode(token, ECKey.import_key(key.public_key()), algorithms=["ES256"])
    assert seen.header["typ"] == "JWT"
    assert seen.claims == {
        "aud": "https://push.example",
        "exp": 1_800_000_000,
        "sub": "mailto:a@b.example",
    }
    header = vapid_header(token, key.public_key())
    assert header.startswith(f"vapid t={token}, k=")
    assert from_base64url(header.rpartition("k=")[2]) == point_bytes(key.public_key())
