"""The demo with every kind of broken way out, for tools/chaos.py: `python -m tools.chaos_site`.

    --data DIR --listen HOST:PORT --seed N --hang PORT

Its channels: a webhook to a server that takes the connection and never answers (--hang), a webhook
to a name that no DNS knows, an MQTT broker that hangs, an ntfy server whose port is closed. The
pages are the only way that works; nothing they get may be late or lost for the others.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msgspec.structs import replace

from vigia.run.channel_settings import ChannelEntry
from vigia.run.start import demo_plan, run_plan
from vigia.run.warm import keep_compiled
from vigia.terms import Channel

CLOSED_PORT = 9  # discard: nobody listens


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hang", type=int, required=True)
    args = parser.parse_args()
    keep_compiled()
    folder: Path = args.data
    (folder / "keys").mkdir(parents=True, exist_ok=True, mode=0o700)
    secret = folder / "keys" / "webhook.secret"
    secret.write_text("not a secret: a test's\n")
    secret.chmod(0o600)
    folder.chmod(0o700)
    channels = {
        "hangs": ChannelEntry(
            kind=Channel.WEBHOOK, url=f"http://127.0.0.1:{args.hang}/", secret="file:webhook.secret"
        ),
        "no-dns": ChannelEntry(
            kind=Channel.WEBHOOK, url="https://vigia.invalid/", secret="file:webhook.secret"
        ),
        "mqtt-hangs": ChannelEntry(kind=Channel.MQTT, url=f"mqtt://127.0.0.1:{args.hang}"),
        "closed": ChannelEntry(kind=Channel.NTFY, url=f"http://127.0.0.1:{CLOSED_PORT}"),
    }
    plan = demo_plan(args.listen, args.seed)
    core = replace(plan.core, channels=(Channel.PAGE, Channel.WEBHOOK, Channel.MQTT, Channel.NTFY))
    return run_plan(folder, replace(plan, core=core, channels=channels), open_browser=False)


if __name__ == "__main__":
    sys.exit(main())
