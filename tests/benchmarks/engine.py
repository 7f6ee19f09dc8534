"""The speeds of the actor engine, beside raw Trio channels and other actor libraries, in one run.

Every figure is taken by a process of its own, held to one core: nothing that was measured before it is in its way. Rivals that are not
installed are left out.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks.row import ROUNDS, Row, beside

HERE = Path(__file__).parent
TRIOTP_PYTHON = "TRIOTP_PYTHON"
"""Environment variable: the interpreter of the environment that holds TriOTP, which needs a Trio of its own."""

TELLS, ASKS, STARTS, CRASHES, IDLE = 100_000, 10_000, 2_000, 300, 10_000
THREADS = 1_000
"""Pykka's idle actors: each of them is a thread."""


def measure() -> list[Row]:
    """All rows; takes a few minutes."""
    few = _figure("rookery_actor", "life", 1_000)
    return [
        *_rows("tell, drained", "messages/s", "tell", TELLS, ["raw Trio channel", "Pykka", "xoscar", "TriOTP"]),
        beside(
            "tell, drained, with histograms",
            "messages/s",
            _figure("rookery_actor", "tell", TELLS),
            rival="without histograms",
            other=_figure("rookery_actor", "tell_untimed", TELLS),
        ),
        *_rows("ask, one at a time", "answers/s", "ask", ASKS, ["raw Trio channel", "Pykka", "xoscar", "TriOTP"]),
        *_rows("start to ready", "children/s", "start", STARTS, ["raw Trio channel", "Pykka", "xoscar", "TriOTP"]),
        *_rows("crash to answering again", "µs", "crash", CRASHES, ["TriOTP"]),
        *_rows("memory of an idle actor", "bytes", "idle", IDLE, ["raw Trio channel", "xoscar", "TriOTP"], rounds=3),
        *_rows("memory of an idle actor", "bytes", "idle", THREADS, ["Pykka"], rounds=3),
        beside("status of 10,000 actors", "ms", _figure("rookery_actor", "status", 10_000)),
        *[
            beside(
                f"start and stop of one among {count:,}",
                "µs",
                _figure("rookery_actor", "life", count),
                rival="one among 1,000",
                other=few,
                rounds=3,
            )
            for count in (10_000, 100_000)
        ],
    ]


def _rows(what: str, unit: str, figure: str, count: int, rivals: Sequence[str], *, rounds: int = ROUNDS) -> list[Row]:
    """One row for each rival that is installed; the engine alone where none is."""
    own = _figure("rookery_actor", figure, count)
    present = {rival: python for rival in rivals if (python := _python(rival)) is not None}
    if not present:
        return [beside(what, unit, own, rounds=rounds)]
    return [
        beside(
            what,
            unit,
            own,
            rival=rival,
            other=_figure(SCRIPTS[rival], figure, count, python=python),
            rounds=rounds,
        )
        for rival, python in present.items()
    ]


SCRIPTS = {
    "raw Trio channel": "trio_actor",
    "Pykka": "pykka_actor",
    "xoscar": "xoscar_actor",
    "TriOTP": "triotp_actor",
}


def _python(rival: str) -> str | None:
    """The interpreter that has the rival, None where there is none."""
    if rival == "TriOTP":
        return os.environ.get(TRIOTP_PYTHON)
    module = SCRIPTS[rival].removesuffix("_actor")
    return sys.executable if importlib.util.find_spec(module) else None


def _figure(script: str, figure: str, count: int, *, python: str = sys.executable) -> Callable[[], float]:
    command = [python, str(HERE / "peers" / f"{script}.py"), figure, str(count)]

    def measured() -> float:
        run = subprocess.run(
            command,
            capture_output=True,
            check=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )
        return float(json.loads(run.stdout))

    return measured
