"""One file that sets up a TAK client: certificates, address and name, as a TAK data package.

`vigia tak package` and the console make it. The first connection with its certificate enrols the
device; until then a record of whom it is for lies in the data folder, and a device that was
revoked has none any more. The zip as a whole is a secret: it holds the key and its password.
"""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5
from xml.sax.saxutils import escape, quoteattr

import msgspec

from vigia.run.invitations import Invited, is_loopback
from vigia.run.plan import RunPlan
from vigia.run.settings import SettingsError
from vigia.run.site_ca import SiteCertificate, own_addresses, site_certificate, write_whole
from vigia.run.tak_server.certificates import client_ca, make_client, trust_store

FOLDER = "tak/issued"
PASSWORD_BYTES = 12
_SPACE = UUID("6d0f7fd2-54a4-4c43-9a4e-9a2f3b6b6a10")


class Layout(Enum):
    """iTAK wants its files at the top of the zip; ATAK and WinTAK in a folder."""

    ATAK = "atak"
    ITAK = "itak"


class Package(NamedTuple):
    name: str
    data: bytes
    device_id: str
    address: str


class Issued(msgspec.Struct, frozen=True):
    """Whom a certificate was made for, until it is first used."""

    invited: Invited
    spki: bytes


def make_package(
    folder: Path, plan: RunPlan, invited: Invited, *, positions: bool, layout: Layout
) -> Package:
    """Raises SettingsError when the site has no TAK door for clients, or OSError."""
    if not plan.tak.listen_tls:
        raise SettingsError(
            '[tak] listen_tls: not set; clients need it, such as listen_tls = "0.0.0.0:8089"'
        )
    host, port = address_of(plan)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    ca = client_ca(folder / "keys" / "tak", plan.site_name)
    site_pem = _server_ca(folder, plan).read_bytes()
    client = make_client(ca, site_pem, password=password, label=invited.name, positions=positions)
    trust = trust_store(site_pem, password=password, label=plan.site_name)
    _remember(folder, client.device_id, Issued(invited, client.spki))
    stem = re.sub(r"[^\w-]+", "-", f"vigia-{invited.name}").strip("-") or "vigia"
    files = {
        "vigia.pref": _preferences(plan, invited, f"{host}:{port}:ssl", password, layout),
        "truststore.p12": trust,
        "client.p12": client.p12,
    }
    where = "" if layout is Layout.ITAK else "certs/"
    uid = str(uuid5(_SPACE, client.device_id))
    manifest = _manifest(uid, f"{stem}.zip", [where + name for name in files])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr("MANIFEST/manifest.xml", manifest)
        for name, data in files.items():
            zipped.writestr(where + name, data)
    return Package(f"{stem}.zip", out.getvalue(), client.device_id, f"{host}:{port}")


def address_of(plan: RunPlan) -> tuple[str, str]:
    """What clients connect to: the first name of the certificate, else the address."""
    host, _, port = plan.tak.listen_tls.rpartition(":")
    bare = host.strip("[]")
    if plan.listen.hosts and not is_loopback(bare):
        return plan.listen.hosts[0], port
    return (own_addresses()[0] if bare in ("0.0.0.0", "::") else bare), port


def issued_for(folder: Path, device_id: str) -> Issued | None:
    """None: no such certificate waits for its first use. Raises OSError for a bad disk."""
    try:
        data = _record(folder, device_id).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=Issued)
    except msgspec.DecodeError:
        return None


def used(folder: Path, device_id: str) -> None:
    """It is enrolled: from now on the roster says whether it may come in. Raises OSError."""
    _record(folder, device_id).unlink(missing_ok=True)


def _record(folder: Path, device_id: str) -> Path:
    assert re.fullmatch(r"dev-[0-9a-f]{20}", device_id), device_id
    return folder / FOLDER / f"{device_id}.json"


def _remember(folder: Path, device_id: str, issued: Issued) -> None:
    path = _record(folder, device_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, msgspec.json.encode(issued), mode=0o600)


def _server_ca(folder: Path, plan: RunPlan) -> Path:
    """What signs the certificate that our TAK door shows."""
    if plan.listen.cert is not None:
        return Path(plan.listen.cert)
    return server_certificate(folder, plan).ca


def server_certificate(folder: Path, plan: RunPlan) -> SiteCertificate:
    """One leaf for the pages and for TAK: its names are those the pages are reached by, when they
    are reached from beyond this machine at all. Raises SettingsError."""
    host = plan.listen.address.rpartition(":")[0].strip("[]")
    if is_loopback(host):
        host = plan.tak.listen_tls.rpartition(":")[0].strip("[]")
    return site_certificate(folder / "keys" / "tls", plan.listen.hosts, host, plan.site_name)


def _preferences(
    plan: RunPlan, invited: Invited, connect: str, password: str, layout: Layout
) -> str:
    where = "" if layout is Layout.ITAK else "cert/"
    said = {"caLocation": f"{where}truststore.p12", "caPassword": password}
    said |= {"clientPassword": password, "certificateLocation": f"{where}client.p12"}
    stream = [
        _entry("count", 1),
        _entry("description0", f"vigia {plan.site_name}"),
        _entry("enabled0", True),
        _entry("connectString0", connect),
        *(_entry(f"{key}0", value) for key, value in said.items()),
    ]
    client = [
        _entry("displayServerConnectionWidget", True),
        _entry("locationCallsign", invited.name),
        *(_entry(key, value) for key, value in said.items()),
    ]
    tables = {"cot_streams": stream, "com.atakmap.app_preferences": client}
    body = "".join(
        f'<preference version="1" name="{name}">{"".join(rows)}</preference>'
        for name, rows in tables.items()
    )
    head = "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
    return f"{head}<preferences>{body}</preferences>\n"


def _entry(key: str, value: str | int | bool) -> str:
    kind = {bool: "Boolean", int: "Integer", str: "String"}[type(value)]
    text = str(value).lower() if isinstance(value, bool) else escape(str(value))
    return f'<entry key="{key}" class="class java.lang.{kind}">{text}</entry>'


def _manifest(uid: str, name: str, entries: list[str]) -> str:
    said = {"uid": uid, "name": name, "onReceiveDelete": "true"}
    parameters = "".join(
        f"<Parameter name={quoteattr(key)} value={quoteattr(value)}/>"
        for key, value in said.items()
    )
    contents = "".join(
        f'<Content ignore="false" zipEntry={quoteattr(entry)}/>' for entry in entries
    )
    return (
        f'<MissionPackageManifest version="2"><Configuration>{parameters}</Configuration>'
        f"<Contents>{contents}</Contents></MissionPackageManifest>\n"
    )
