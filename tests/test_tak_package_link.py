"""One scan sets up a TAK client: made by an administrator, given out once, gone after a while."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msgspec

from gateway_world import run, world
from test_tak_server import plan
from vigia.run import http_tak
from vigia.run.plan import write_plan
from vigia.run.tak_server.package import issued_for
from vigia.terms import Role

PATH = "/api/v1/tak/packages"


def test_its_link_gives_the_package_out_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            write_plan(w.gateway.folder, plan(listen_tls="127.0.0.1:8089"))
            admin = (await w.enrolled(Role.ADMIN, "adm")).http
            body = {"name": "Ana Ruiz", "post_id": "12", "positions": True}
            made = (await admin.post(PATH, json=body)).json()
            assert made["qr_svg"].startswith("<svg")
            issued = issued_for(w.gateway.folder, made["device_id"])
            assert issued is not None
            assert (issued.invited.name, issued.invited.role) == ("Ana Ruiz", Role.OFFICER)
            link = PATH + made["link"].partition(PATH)[2]
            phone = w.phone().http  # signed in as nobody
            got = await phone.get(link)
            assert got.status_code == 200
            assert got.headers["content-type"] == "application/zip"
            assert got.headers["cache-control"] == "no-store"
            names = zipfile.ZipFile(io.BytesIO(got.content)).namelist()
            assert "certs/client.p12" in names
            again = await phone.get(link)
            assert again.status_code == 404

    run(go)


def test_only_an_administrator_makes_one_and_not_for_a_site_without_the_door(
    tmp_path: Path,
) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            write_plan(w.gateway.folder, plan())
            officer = (await w.enrolled(Role.WATCH_OFFICER, "wo")).http
            assert (await officer.post(PATH, json={"name": "X"})).status_code == 403
            admin = (await w.enrolled(Role.ADMIN, "adm")).http
            refused = await admin.post(PATH, json={"name": "X"})
            assert refused.status_code == 400
            assert "listen_tls" in refused.text

    run(go)


def test_one_that_nobody_fetched_is_over_and_only_so_many_wait(tmp_path: Path) -> None:
    async def go() -> None:
        async with world(tmp_path) as w:
            write_plan(w.gateway.folder, plan(listen_tls="127.0.0.1:8089"))
            admin = (await w.enrolled(Role.ADMIN, "adm")).http
            made = (await admin.post(PATH, json={"name": "Late"})).json()
            shelf = http_tak._shelf(w.gateway)
            [(key, waiting)] = shelf.items()
            assert made["link"] not in key  # nor is the token itself kept
            shelf[key] = msgspec.structs.replace(waiting, t_end_s=0)
            link = PATH + made["link"].partition(PATH)[2]
            assert (await w.phone().http.get(link)).status_code == 404
            for n in range(http_tak.WAITING_MAX + 2):
                shelf[str(n)] = waiting
            await admin.post(PATH, json={"name": "One more"})
            assert len(shelf) <= http_tak.WAITING_MAX + 3

    run(go)
