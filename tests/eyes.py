"""What a page looks like: axe-core's verdict, and the colours of its pixels."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async ([rules, tags]) => {
  const only = rules.length ? {type: 'rule', values: rules} : {type: 'tag', values: tags};
  const found = await axe.run(document, {runOnly: only, resultTypes: ['violations']});
  return found.violations.map((v) => ({id: v.id, help: v.help,
    nodes: v.nodes.map((n) => [n.target.join(' '), n.html.slice(0, 160),
      n.failureSummary.replace(/\\s+/g, ' ').slice(0, 220)].join(' | '))}));
}"""


def axe_source() -> str:
    base = pytest.importorskip(
        "axe_playwright_python.base", reason="axe-playwright-python is not installed here"
    )
    return base.AXE_FILE_PATH.read_text()


class Axe:
    """Loaded once a page, past the page's own policy, which stays whole."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def problems(self, rules: Sequence[str] = ()) -> list[str]:
        """One line a node. rules: only these; else all of WCAG 2.2 A and AA."""
        if not self._page.evaluate("typeof axe === 'object'"):
            self._page.evaluate(axe_source())
        found = self._page.evaluate(RUN, [list(rules), WCAG])
        return [f"{v['id']}: {node}" for v in found for node in v["nodes"]]


def pixels(png: bytes) -> NDArray[np.int16]:
    """(height, width, 3)."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed here")
    with image.open(io.BytesIO(png)) as shot:
        return np.asarray(shot.convert("RGB")).astype(np.int16)


def red_dominant(rgb: NDArray[np.int16]) -> int:
    """Pixels that goggles would bloom on."""
    return int((rgb[..., 0] > rgb[..., 1] + 8).sum())


def glaring(rgb: NDArray[np.int16]) -> int:
    """Pixels that cost a dark-adapted eye: more green or blue than red, or bright green or blue."""
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    return int(((np.maximum(g, b) > r + 12) | (np.maximum(g, b) > 165)).sum())
