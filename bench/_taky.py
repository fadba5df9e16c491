"""`python -m bench._taky CONFIG`: taky's server. It asks pkg_resources for nothing but its own
version, and newer setuptools have no pkg_resources."""

from __future__ import annotations

import importlib
import sys
import types


def main() -> None:
    fake = types.ModuleType("pkg_resources")

    class DistributionNotFound(Exception):
        pass

    def get_distribution(_name: str) -> object:
        raise DistributionNotFound

    fake.__dict__.update(
        DistributionNotFound=DistributionNotFound, get_distribution=get_distribution
    )
    sys.modules["pkg_resources"] = fake
    sys.argv = ["taky", "-l", "error", "-c", sys.argv[1]]
    importlib.import_module("taky.cot.__main__").main()


if __name__ == "__main__":
    main()
