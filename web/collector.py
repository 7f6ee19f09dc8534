"""How often this process looks for what only points at itself. A setting of the whole process: whoever owns it calls this, once."""

import gc

THRESHOLDS = (50_000, 20, 50)
"""New objects until the youngest are looked at, and how many looks at those until the next older. A look at 50,000 takes some
5 ms. By default it is one at every 700, and with a thousand connections open that is half of all work, since what their requests
hold meanwhile is looked at again and again."""


def spare_what_was_imported() -> None:
    """Let no collection look again at what is there now, and look seldom at what is new.

    A full one would hold up the loop for 50 ms, every so many thousand objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
