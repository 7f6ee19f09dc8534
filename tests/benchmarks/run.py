"""`nox -s bench`: every benchmark in one run, written as a table to docs/benchmarks.md."""

import importlib
import importlib.metadata
import inspect
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import trio

from tests.benchmarks.row import Row

TOP = Path(__file__).parents[2]
SUITES = {
    "engine": "The actor engine",
    "catalogue": "From folder to catalogue",
    "analysis": "Analysis",
    "http": "HTTP",
    "million": "HTTP at a million tracks",
    "fanout": "The live feed",
}
"""By module: the title of its table."""
VERSIONS = (
    "trio", "hypercorn", "quart", "asyncpg", "av", "numpy", "scipy", "pykka", "xoscar", "fastapi", "uvicorn", "pydantic", "librosa",
    "pyloudnorm",
)  # fmt: skip
TRIOTP = TOP / "tests" / "benchmarks" / "peers" / "triotp.txt"
"""What stands in the environment that TriOTP has for itself."""


def main(names: Sequence[str]) -> None:
    """Measure the named suites, all by default, and write the table; suites not named keep what the file says."""
    wanted = [name for name in SUITES if not names or name in names]
    page = TOP / "docs" / "benchmarks.md"
    kept = sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    for name in wanted:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        before = os.getloadavg()[0]
        measured = trio.run(module.measure) if inspect.iscoroutinefunction(module.measure) else module.measure()
        kept[SUITES[name]] = table(measured, loads=(before, os.getloadavg()[0]))
        sys.stdout.write(f"## {SUITES[name]}\n\n{kept[SUITES[name]]}\n")
        sys.stdout.flush()
    page.write_text(text(kept), encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """The tables of a page by their titles."""
    return {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") + "\n" for part in page.split("\n## ")[1:]}


def table(rows: Sequence[Row], *, loads: tuple[float, float]) -> str:
    """Rows as Markdown, with the time of their measuring and how busy the machine was before and at its end."""
    before, after = loads
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC. Load of the machine, by its own count: {before:.1f} before it began, {after:.1f} at its end.",
        "",
        "| what | Rookery | from – to | unit | beside | that one | from – to | ratio |",
        "|---|---:|---:|---|---|---:|---:|---:|",
    ]
    for row in rows:
        beside = (
            f"{row.rival} | {number(row.other)} | {spread(row.others)} | {number(row.ratio)}"
            if row.rival is not None
            else "– | – | – | –"
        )
        lines.append(f"| {row.what} | {number(row.value)} | {spread(row.values)} | {row.unit} | {beside} |")
    return "\n".join(lines) + "\n"


def spread(values: Sequence[float]) -> str:
    """The least and the most of all rounds."""
    return f"{number(min(values))} – {number(max(values))}"


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def text(tables: dict[str, str]) -> str:
    """The whole page."""
    installed = []
    for name in VERSIONS:
        try:
            installed.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    pinned = dict(line.split("==") for line in TRIOTP.read_text(encoding="utf-8").splitlines() if "==" in line)
    installed.append(f"triotp {pinned['triotp']} on trio {pinned['trio']}")
    head = (
        "# Benchmarks\n\nWritten by `nox -s bench`. Each row compares two things in one run on one machine, by turns, round after round: values are "
        "medians of the rounds, *from – to* is the least and the most of them, a ratio is the median of the rounds' ratios. "
        "Only ratios travel to other machines.\n\n"
        f"Machine: {os.cpu_count()} processors, {platform.machine()}, {platform.system()}; Python {platform.python_version()}.\n\n"
        f"Versions: {', '.join(installed)}.\n"
    )
    return head + "".join(f"\n## {title}\n\n{tables[title]}" for title in SUITES.values() if title in tables)


if __name__ == "__main__":
    main(sys.argv[1:])
