"""How often this process looks for what only points at itself."""

import subprocess
import sys

from web.collector import THRESHOLDS


def test_what_was_imported_is_no_work_for_collections():
    # In a process of its own: what is frozen is never freed.
    script = "import gc, web.collector, web.application; web.collector.spare_what_was_imported(); print(len(gc.get_objects()), *gc.get_threshold())"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    objects, *thresholds = map(int, run.stdout.split())

    assert objects < 1_000
    assert tuple(thresholds) == THRESHOLDS
