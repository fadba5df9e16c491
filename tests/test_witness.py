"""Another agency witnesses the ledger, over HTTP; a split view is detected and shown."""

from __future__ import annotations

import base64
import subprocess
import sys
from functools import partial
from pathlib import Path

from tools.live import Person, free_port, live, wait_for

from vigia.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from vigia.ledger.note import Signer, SigType, parse_verifier, render
from vigia.ledger.tree import Tree, leaf_hash
from vigia.run.witness.keep import Keeper
from vigia.terms import Role

LOG = Signer("log", b"l" * 32)
WITNESS = Signer("b", b"w" * 32, SigType.COSIGNATURE)
LEAVES = [leaf_hash(bytes([n])) for n in range(20)]


def note(size: int, *, leaves: list[bytes] = LEAVES) -> bytes:
    root = Tree(leaves).root(size)
    return render(sign_checkpoint(size=size, root=root, signer=LOG)).encode()


def body(old: int, size: int, *, leaves: list[bytes] = LEAVES) -> bytes:
    proof = Tree(leaves).consistency(old, size) if old else []
    lines = [f"old {old}", *(base64.b64encode(h).decode() for h in proof)]
    return "\n".join(lines).encode() + b"\n\n" + note(size, leaves=leaves)


def test_a_witness_cosigns_what_continues_and_says_what_does_not(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, [LOG.verifier], WITNESS)
    assert keeper.add(body(0, 5), t_s=7).status == 200
    assert keeper.add(body(5, 12), t_s=8).status == 200
    assert keeper.add(body(12, 12), t_s=9).status == 200, "again, harmless"
    stale = keeper.add(body(5, 14), t_s=9)
    assert (stale.status, stale.text) == (409, "12\n")
    fewer = keeper.add(body(0, 4), t_s=9)
    assert (fewer.status, fewer.text) == (409, "12\n"), "the log learns that entries are gone"
    [kept] = keeper.listed()
    assert (kept.size, kept.evidence) == (12, False)
    saved = next((tmp_path / "witness").glob("*.note")).read_bytes()
    found, by = open_checkpoint(saved, LOG.verifier, [WITNESS.verifier])
    assert isinstance(found, Checkpoint)
    assert by == (WITNESS.verifier,)


def test_another_record_under_the_same_key_is_a_split_view_and_is_kept(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, [LOG.verifier], WITNESS)
    keeper.add(body(0, 12), t_s=7)
    forged = [leaf_hash(b"forged"), *LEAVES[1:]]
    for other in (body(12, 12, leaves=forged), body(12, 16, leaves=forged)):
        verdict = keeper.add(other, t_s=8)
        assert verdict.status == 422
        assert verdict.split
    assert keeper.listed()[0].evidence
    assert next((tmp_path / "witness").glob("*.evidence")).read_bytes().startswith(b"log\n12\n")
    assert keeper.add(body(12, 20), t_s=9).status == 200, "the true one goes on"


def test_nothing_else_is_cosigned(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path, [LOG.verifier], WITNESS)
    other = Signer("other", b"o" * 32)
    stranger = render(sign_checkpoint(size=1, root=LEAVES[0], signer=other)).encode()
    assert keeper.add(b"old 0\n\n" + stranger, t_s=1).status == 403
    impostor = Signer("log", b"i" * 32)
    forged = render(sign_checkpoint(size=1, root=LEAVES[0], signer=impostor)).encode()
    for bad in (b"", b"old x\n\n", b"\xff\n\n", b"old 0\n\n" + forged,
                b"old 0\n!!\n\n" + note(3)):  # fmt: skip
        assert keeper.add(bad, t_s=1).status == 400, bad
    assert keeper.listed()[0].size == 0


# ---- two real servers --------------------------------------------------------------------------

SITE = """
[site]
lat_deg = 31.79
lon_deg = -106.75
[[posts]]
id = "12"
name = "Post 12"
lat_deg = 31.791
lon_deg = -106.746
[witness]
every_s = 1.0
"""


def key(command: str, data: Path) -> str:
    words = [sys.executable, "-m", "vigia", "ledger", command, "--data", str(data)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def states(person: Person) -> dict[str, list[dict[str, object]]]:
    return person.http.get("/api/v1/ledger/witnesses").json()


def test_two_servers_witness_and_a_rewritten_ledger_is_seen_by_both(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for folder in (a, b):
        folder.mkdir()
    port = free_port()
    (tmp_path / "b.toml").write_text(f'{SITE}logs = ["{key("key", a)}"]\n')
    asks = f'ask = ["http://127.0.0.1:{port}"]\nkeys = ["{key("witness-key", b)}"]\n'
    (tmp_path / "a.toml").write_text(SITE + asks)

    def words(name: str) -> list[str]:
        site = str(tmp_path / f"{name}.toml")
        return ["watch", "-", "--settings", site, "--data", str(tmp_path / name)]

    with live(words("b"), b, port, stdin=subprocess.PIPE) as theirs:
        boss = Person.enrolled(theirs, "Bo", Role.ADMIN)
        with live(words("a"), a, stdin=subprocess.PIPE) as ours:
            ana = Person.enrolled(ours, "Ana", Role.ADMIN)
            [first] = wait_for(partial(_asked_sizes, ana), 60)
            Person.enrolled(ours, "Eva", Role.OFFICER)  # the ledger grows
            wait_for(partial(_grown, ana, first), 60)
            [kept] = states(boss)["theirs"]
            assert not kept["evidence"]
            note_file = next((a / "cosigned").glob("*.note"))
            log, witness = parse_verifier(key("key", a)), parse_verifier(key("witness-key", b))
            _, by = open_checkpoint(note_file.read_bytes(), log, [witness])
            assert by == (witness,)
        _rewrite(a)
        with live(words("a"), a, stdin=subprocess.PIPE) as ours:
            wait_for(lambda: states(boss)["theirs"][0]["evidence"], 60)
            eva = Person.enrolled(ours, "Eva", Role.ANALYST)
            [told] = wait_for(lambda: _objecting(eva), 60)
            assert "another record" in str(told["why"])


def _objecting(person: Person) -> list[dict[str, object]]:
    return [w for w in states(person)["ours"] if w["state"] == "objects"]


def _grown(person: Person, first: int) -> bool:
    return any(size > first for size in _asked_sizes(person))


def _asked_sizes(person: Person) -> list[int]:
    return [int(str(w["size"])) for w in states(person)["ours"] if w["state"] == "ok"]


def _rewrite(folder: Path) -> None:
    """Somebody with the signing key writes the record anew: other entries, all well signed."""
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    (folder / "keys" / "ledger-salts.sqlite").unlink()
