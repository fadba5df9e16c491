"""When the demo's script began -> so that a restarted demo goes on where it was."""

from __future__ import annotations

from pathlib import Path

RESUME_NS = 120_000_000_000  # a demo stopped for longer than this begins anew


def demo_start_ns(folder: Path, *, now_ns: int, last_t_ns: int) -> int:
    """The start kept in the folder if the demo stopped a moment ago, else now."""
    path = folder / "demo-start"
    if last_t_ns and now_ns - last_t_ns < RESUME_NS and path.exists():
        text = path.read_text().strip()
        if text.isdigit():
            return int(text)
    path.write_text(str(now_ns))
    return now_ns
