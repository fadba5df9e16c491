"""`python -m tools.fanout_soak`: ten thousand pages, raids and reconnect storms in turn.

    python -m tools.fanout_soak [--pages 10000] [--minutes 10] [--tls]

Every page must end each raid and each storm with the newest alert, by its frame or by the greeting.
Exit code 1 when one alert is lost. The load client and the gateway are those of bench/fanout.py.
"""

from __future__ import annotations

import argparse
import sys

from bench.fanout import raise_limit, through_gateway

from vigia.run.gateway_main import uvloop_runner
from vigia.terms import Role


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fanout_soak")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--tls", action="store_true")
    args = parser.parse_args()
    raise_limit()
    with uvloop_runner() as runner:
        found = runner.run(
            through_gateway(
                Role.AGENT, pages=args.pages, rounds=0, tls=args.tls, minutes=args.minutes
            )
        )
    lost = sum(d.lost for d in found)
    storms = sum(d.name == "storm" for d in found)
    print(f"{args.minutes:g} minutes, {storms} storms of {args.pages} pages, alerts lost: {lost}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
