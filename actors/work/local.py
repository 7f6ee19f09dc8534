"""The executor that uses this machine: child processes, apart for quick looks and for long measurements."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import attrs

from actors.config import Config
from actors.model.features import Features
from actors.model.probe import Probe
from actors.work.pool import Limits, Pool, PoolStatistics, open_pool
from actors.work.worker import COMMAND

PROBE_NICENESS = 5
ANALYSIS_NICENESS = 15
"""A look at a new file comes before the measurement of another, and the web before both."""


def _ignore(done: float) -> None:
    """Nobody follows the progress of a probe."""


@attrs.frozen(kw_only=True)
class LocalStatistics:
    """Both pools at one moment."""

    probe: PoolStatistics
    analysis: PoolStatistics


@attrs.define(eq=False, kw_only=True)
class LocalExecutor:
    """Keeps the contract of `Executor` with two pools of child processes; made by `local_executor`."""

    _probes: Pool[Probe]
    _analyses: Pool[Features]

    async def probe(self, path: bytes) -> Probe:
        """As `Executor.probe`."""
        return await self._probes.carry_out(path, _ignore)

    async def analyze(self, path: bytes, *, progress: Callable[[float], None]) -> Features:
        """As `Executor.analyze`."""
        return await self._analyses.carry_out(path, progress)

    def statistics(self) -> LocalStatistics:
        """What both pools do now and have done."""
        return LocalStatistics(probe=self._probes.statistics(), analysis=self._analyses.statistics())


@asynccontextmanager
async def local_executor(config: Config, *, command: Sequence[str] = COMMAND) -> AsyncIterator[LocalExecutor]:
    """An executor with `config.workers` places for probes and as many for analyses, and the limits of the configuration.

    Processes start when there is something to do. At the end all of them are gone, within seconds. A probe never waits for
    an analysis: each kind has processes of its own, and the scheduler prefers the probes.

    Args:
        config: workers, limits of time and memory.
        command: another program than ours as the child, for tests.

    Raises (from its methods, besides the contract's): WorkerStartError when no process can be started.
    """
    probe_limits = Limits(time_s=config.probe_limit_s, memory_bytes=config.worker_memory_bytes)
    analysis_limits = Limits(time_s=config.analysis_limit_s, memory_bytes=config.worker_memory_bytes)
    async with (
        open_pool(
            "probe", result=Probe, size=config.workers, limits=probe_limits, niceness=PROBE_NICENESS, command=command
        ) as probes,
        open_pool(
            "analyze",
            result=Features,
            size=config.workers,
            limits=analysis_limits,
            niceness=ANALYSIS_NICENESS,
            command=command,
        ) as analyses,
    ):
        yield LocalExecutor(probes=probes, analyses=analyses)
