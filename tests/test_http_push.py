"""A phone's push subscription over HTTP: checked, one a device, in the courier's book only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from gateway_world import Json, run, world
from vigia.run.courier.contacts import Contacts
from vigia.run.push_address import of_address
from vigia.terms import Channel
from vigia.wire.webpush import base64url, from_base64url, point_bytes, public_point

PHONE = ec.generate_private_key(ec.SECP256R1())


def a_subscription(name: str, **more: Any) -> Json:
    keys = {"p256dh": base64url(point_bytes(PHONE.public_key())), "auth": base64url(b"a" * 16)}
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "keys": keys} | more


def held(folder: Path, person_id: str) -> list[str]:
    contacts = Contacts(folder)
    found = contacts.of(person_id, Channel.PUSH)
    contacts.close()
    return [of_address(c.address).endpoint.rpartition("/")[2] for c in found]


def test_a_subscription_is_kept_one_a_device_and_taken_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            first, second = await w.enrolled(), await w.enrolled()
            door = "/api/v1/push/subscription"
            assert (await first.http.get("/api/v1/push/key")).status_code == 404
            assert (await first.http.post(door, json=a_subscription("a"))).status_code == 404
            w.gateway.push_services = ()
            key = (await first.http.get("/api/v1/push/key")).json()["key"]
            assert (await second.http.get("/api/v1/push/key")).json()["key"] == key
            public_point(from_base64url(key))
            for name in ("a", "a", "b"):  # the browser gave it another address
                assert (await first.http.post(door, json=a_subscription(name))).is_success
            assert (await second.http.post(door, json=a_subscription("c"))).is_success
            assert sorted(held(tmp_path, "p1")) == ["b", "c"]
            assert (await first.http.post("/api/v1/push/unsubscribe", json={})).is_success
            assert held(tmp_path, "p1") == ["c"]

    run(work)


def test_what_cannot_be_called_is_refused_and_its_address_not_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with world(tmp_path) as w:
            phone = await w.enrolled()
            w.gateway.push_services = ()
            bad = [
                a_subscription("a", endpoint="https://10.0.0.1/secret-part"),
                a_subscription("a", keys={"p256dh": "AAAA", "auth": "AAAA"}),
                {"endpoint": "https://fcm.googleapis.com/x"},
                {},
            ]
            for body in bad:
                answer = await phone.http.post("/api/v1/push/subscription", json=body)
                assert answer.status_code == 400, body
            answer = await phone.http.post("/api/v1/push/subscription", json=bad[0])
            assert "secret-part" not in answer.text
            assert held(tmp_path, "p1") == []

    run(work)
