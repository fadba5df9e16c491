"""What the whole run has to say at its end: the sum of all simulated worlds, planted bugs.

The examples of Hypothesis are the same in every run, so that a landing does not hang on luck;
VIGIA_EXPLORE=1 looks for new ones.
"""

from __future__ import annotations

import os

import msgspec
import pytest
from hypothesis import settings

from vigia.run.warm import keep_compiled

keep_compiled()  # before anything imports Numba; also for the processes the tests start

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("explore" if os.environ.get("VIGIA_EXPLORE") else "same")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    said: dict[str, list[str]] = {"worlds": [], "planted": []}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name in said:
                    said[name].append(str(value))
    if said["worlds"]:
        from vigia.run.simulate.worlds import WorldResult, summary

        worlds = [
            w for text in said["worlds"] for w in msgspec.json.decode(text, type=list[WorldResult])
        ]
        terminalreporter.section("simulated worlds")
        terminalreporter.write_line(summary(worlds))
    if said["planted"]:
        terminalreporter.section("planted bugs")
        for line in sorted(said["planted"]):
            terminalreporter.write_line(line)
