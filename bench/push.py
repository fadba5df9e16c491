"""Sealing one alert for 10,000 phones: prepared ahead, at once, and by pywebpush, in one run.

python -m bench push [--phones 10000]. pywebpush's encryption only, without its sending; it is
measured on fewer phones and told per phone.
"""

from __future__ import annotations

import argparse
import secrets
import time
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec
from pywebpush import WebPusher

from vigia.wire.webpush import Subscriber, base64url, point_bytes, prepare, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PEER_PHONES = 1_000
RUNS = 3
PAD_TO = 512
PLAIN = b'{"v":1,"alert":"0123456789abcdef","rev":2,"type":"alert","tier":3,"mark":"actual"}'


def main(phones: int = 10_000) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    some = [Subscriber(point_bytes(key.public_key()), secrets.token_bytes(16))] * phones
    prepare_s, seal_s = _best([_ours(some) for _ in range(RUNS)])
    peer_s = min(_peer(some[:PEER_PHONES]) for _ in range(RUNS)) / PEER_PHONES
    ours_s = seal_s / phones
    both_s = (prepare_s + seal_s) / phones
    print(f"phones                      {phones:>10,}   each once, {PAD_TO} bytes of text")
    print(f"seal, prepared ahead        {ours_s * 1e6:>10.1f} µs a phone   {seal_s:.3f} s for all")
    print(f"prepare, while idle         {prepare_s / phones * 1e6:>10.1f} µs a phone")
    print(f"prepare and seal at once    {both_s * 1e6:>10.1f} µs a phone")
    print(f"pywebpush encode            {peer_s * 1e6:>10.1f} µs a phone   on {PEER_PHONES:,}")
    print(f"pywebpush / seal            {peer_s / ours_s:>10.1f} times")
    print(f"pywebpush / both at once    {peer_s / both_s:>10.1f} times")


def _ours(some: Sequence[Subscriber]) -> tuple[float, float]:
    """Seconds to prepare, and to seal."""
    begun = time.perf_counter()
    ready = [
        prepare(to, ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)) for to in some
    ]
    between = time.perf_counter()
    for one in ready:
        seal(one, PLAIN, pad_to=PAD_TO)
    return between - begun, time.perf_counter() - between


def _peer(some: Sequence[Subscriber]) -> float:
    pushers = [
        WebPusher(
            {
                "endpoint": "https://push.example/1",
                "keys": {"p256dh": base64url(to.p256dh), "auth": base64url(to.auth)},
            }
        )
        for to in some
    ]
    text = PLAIN.ljust(PAD_TO)
    encode: list[Callable[[bytes], Any]] = [one.encode for one in pushers]
    begun = time.perf_counter()
    for one in encode:
        one(text)
    return time.perf_counter() - begun


def _best(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(p for p, _ in pairs), min(s for _, s in pairs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=10_000)
    main(parser.parse_args().phones)
