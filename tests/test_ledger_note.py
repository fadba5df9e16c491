"""Signed notes and checkpoints against the examples of Go's sumdb/note and of C2SP."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from vigia.ledger.checkpoint import (
    Checkpoint,
    cosign_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from vigia.ledger.note import (
    Note,
    NoteError,
    Signature,
    Signer,
    SigType,
    Verifier,
    cosigned_at_s,
    parse_note,
    parse_signer,
    parse_verifier,
    render,
    verify,
)

# The worked example in the documentation of golang.org/x/mod/sumdb/note.
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NEUMANN_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb"
    "6KE6RyyBwJnAM=\n"
)
ROOT_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33"
    "WWd1RvMc+QQ=\n"
)
# The example checkpoint of c2sp.org/tlog-cosignature; its public keys are not published.
SOFA = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q"
    "1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2"
    "oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = Signer("vigia.example/log", bytes(range(32)))
WITNESS = Signer("neighbour.example/w", bytes(32), SigType.COSIGNATURE)


def test_the_note_of_peter_neumann_is_made_and_verified_byte_for_byte() -> None:
    signer = parse_signer(NEUMANN_SECRET)
    assert signer.verifier.text() == NEUMANN_PUBLIC
    assert signer.secret_text() == NEUMANN_SECRET
    note = Note(NEUMANN_TEXT, (signer.sign(NEUMANN_TEXT),))
    assert render(note) == f"{NEUMANN_TEXT}\n{NEUMANN_LINE}"
    assert verify(parse_note(render(note).encode()), [parse_verifier(NEUMANN_PUBLIC)]) == (
        signer.verifier,
    )


def test_a_note_of_two_signers_verifies_for_the_one_we_trust() -> None:
    twice = parse_note(f"{NEUMANN_TEXT}\n{NEUMANN_LINE}{ROOT_LINE}".encode())
    assert [s.name for s in twice.signatures] == ["PeterNeumann", "EnochRoot"]
    assert verify(twice, [parse_verifier(NEUMANN_PUBLIC)]) == (parse_verifier(NEUMANN_PUBLIC),)
    assert render(twice).encode() == f"{NEUMANN_TEXT}\n{NEUMANN_LINE}{ROOT_LINE}".encode()


def test_a_changed_text_does_not_verify() -> None:
    note = parse_note(f"{NEUMANN_TEXT}\n{NEUMANN_LINE}".encode())
    with pytest.raises(NoteError, match="does not hold"):
        verify(Note(NEUMANN_TEXT + "x\n", note.signatures), [parse_verifier(NEUMANN_PUBLIC)])
    with pytest.raises(NoteError, match="no trusted key signed it; it is signed by PeterNeumann"):
        verify(note, [LOG.verifier])


def test_the_checkpoint_of_c2sp_parses() -> None:
    note = parse_note(SOFA.encode())
    assert parse_checkpoint(note) == Checkpoint(
        "example.com/behind-the-sofa",
        20852163,
        base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="),
    )
    assert render(note) == SOFA
    log, witness = note.signatures
    assert log.key_id.hex() == "033de0ae"
    assert len(log.data) == 64
    key = Verifier("witness.example.com/w1", bytes(32), SigType.COSIGNATURE)
    assert cosigned_at_s(note, key) is None  # the same name, another key
    assert int.from_bytes(witness.data[:8], "big") == 1679315147  # the text beside the example


def test_key_id_is_the_hash_of_name_type_and_key() -> None:
    own = LOG.verifier
    for sig_type in SigType:
        whole = sha256(own.name.encode() + b"\x0a" + bytes([sig_type]) + own.public_key).digest()
        assert Verifier(own.name, own.public_key, sig_type).key_id == whole[:4]


def test_a_checkpoint_is_three_lines_signed_under_its_origin() -> None:
    root = sha256(b"").digest()
    note = sign_checkpoint(size=0, root=root, signer=LOG)
    assert note.text == ("vigia.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    checkpoint, witnesses = open_checkpoint(render(note).encode(), LOG.verifier)
    assert (checkpoint.size, checkpoint.root, witnesses) == (0, root, ())
    # independently: the signature line is base64 of key id and a plain Ed25519 signature
    line = base64.b64decode(render(note).split(" ")[-1])
    Ed25519PublicKey.from_public_bytes(LOG.verifier.public_key).verify(line[4:], note.text.encode())


def test_a_cosignature_signs_the_header_the_time_and_the_text() -> None:
    note = sign_checkpoint(size=5, root=bytes(32), signer=LOG)
    both = cosign_checkpoint(note, WITNESS, t_s=1679315147)
    assert [s.name for s in both.signatures] == ["vigia.example/log", "neighbour.example/w"]
    message = f"cosignature/v1\ntime 1679315147\n{note.text}".encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.verifier.public_key).verify(
        both.signatures[1].data[8:], message
    )
    _, vouched = open_checkpoint(render(both).encode(), LOG.verifier, [WITNESS.verifier])
    assert vouched == (WITNESS.verifier,)
    assert cosigned_at_s(both, WITNESS.verifier) == 1679315147
    again = cosign_checkpoint(both, WITNESS, t_s=1679315148)
    assert len(again.signatures) == 2  # a second cosignature of one witness replaces the first


def test_a_changed_cosignature_time_is_refused() -> None:
    note = cosign_checkpoint(
        sign_checkpoint(size=5, root=bytes(32), signer=LOG), WITNESS, t_s=1679315147
    )
    own, other = note.signatures
    late = Signature(other.name, other.key_id, (9).to_bytes(8, "big") + other.data[8:])
    short = Signature(other.name, other.key_id, other.data[8:])
    for bad in (late, short):
        with pytest.raises(NoteError, match=r"neighbour\.example/w does not hold"):
            verify(Note(note.text, (own, bad)), [LOG.verifier, WITNESS.verifier])


def test_a_checkpoint_signed_only_by_a_witness_is_not_the_logs_word() -> None:
    note = sign_checkpoint(size=5, root=bytes(32), signer=LOG)
    only = Note(note.text, (WITNESS.cosign(note.text, t_s=1),))
    with pytest.raises(NoteError, match="did not sign it"):
        open_checkpoint(render(only).encode(), LOG.verifier, [WITNESS.verifier])
    foreign = Checkpoint("other.example/log", 5, bytes(32)).text()
    with pytest.raises(NoteError, match="origin"):
        open_checkpoint(render(Note(foreign, (LOG.sign(foreign),))).encode(), LOG.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n1x\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n٣\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n99999999999999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n1\nAAAA\n",
        "o\n1\n!!!!\n",
        "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "o\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\nx\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError, match="checkpoint"):
        parse_checkpoint(Note(text, ()))


def test_extension_lines_are_kept() -> None:
    text = Checkpoint("o", 7, bytes(32), ("extra 1",)).text()
    assert parse_checkpoint(Note(text, ())).extensions == ("extra 1",)


GOOD = f"{NEUMANN_TEXT}\n{NEUMANN_LINE}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        NEUMANN_TEXT.encode(),
        GOOD[:-1].encode(),
        GOOD.replace("—", "--").encode(),
        GOOD.replace("x08go", "x08g!").encode(),
        GOOD.replace("PeterNeumann x", "Peter+Neumann x").encode(),
        GOOD.replace("PeterNeumann x", " x").encode(),
        (GOOD + "— short AAAAAA==\n").encode(),
        GOOD.replace("think", "thi\tnk").encode(),
        GOOD.encode() + b"\xff\n",
        (NEUMANN_TEXT + "\n" + NEUMANN_LINE * 101).encode(),
        b"x" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_garbage_is_a_note_error_and_nothing_else(data: bytes) -> None:
    for parse in (parse_note, lambda d: parse_verifier(d.decode("latin-1"))):
        try:
            parse(data)
        except NoteError:
            continue


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_almost_notes_are_a_note_error_and_nothing_else(head: bytes, tail: bytes) -> None:
    data = head + b"\n\n\xe2\x80\x94 name " + base64.b64encode(tail) + b"\n"
    try:
        note = parse_note(data)
        assert render(note).encode() == data
        parse_checkpoint(note)
    except NoteError:
        pass


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        NEUMANN_PUBLIC.replace("c74f20a3", "c74f20a4"),
        NEUMANN_PUBLIC.replace("c74f20a3", "C74F20A3"),
        NEUMANN_PUBLIC.replace("ARpc", "AhpC"),
        NEUMANN_PUBLIC[:-8] + "12Q=",
        NEUMANN_PUBLIC.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN_SECRET,
    ],
)
def test_a_damaged_public_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier(text)


def test_a_damaged_secret_key_is_refused() -> None:
    for text in (NEUMANN_PUBLIC, NEUMANN_SECRET[:-4], NEUMANN_SECRET.replace("AYEK", "AYEL")):
        with pytest.raises(NoteError, match="key"):
            parse_signer(text)
    with pytest.raises(NoteError, match="seed of 3 bytes"):
        Signer("x", b"abc")
