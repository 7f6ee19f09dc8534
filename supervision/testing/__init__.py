"""Tools for testing actors and trees: nothing here is needed to run one.

Probe records what an actor was sent. FaultInjector raises at a chosen checkpoint of a child or a tree. `virtual_clock` makes time jump, `scheduled` and
`replay` fix the order in which Trio runs its tasks.
"""

from supervision.testing.faults import FaultInjector, InjectedError
from supervision.testing.probe import Probe
from supervision.testing.schedules import replay, scheduled
from supervision.testing.time import virtual_clock

__all__ = ["FaultInjector", "InjectedError", "Probe", "replay", "scheduled", "virtual_clock"]
