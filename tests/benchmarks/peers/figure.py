"""What every actor library does here: one figure a process, as a number on standard output: `python rookery_actor.py tell 100000`."""

import gc
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

PAGE_BYTES = 4096


def answer(figures: "dict[str, Callable[[int], float]]") -> None:
    """Measure the figure that the command line names, on one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    name, count = sys.argv[1:]
    gc.collect()
    sys.stdout.write(json.dumps(figures[name](int(count))))


def resident_bytes() -> int:
    """Memory of this process that is really there."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES


def typical(times_s: "list[float]") -> float:
    """Microseconds, of times in seconds."""
    return median(times_s) * 1e6
