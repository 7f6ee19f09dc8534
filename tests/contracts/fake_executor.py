"""An executor for tests that starts no process and opens no file; it keeps the contract that test_executor.py checks."""

import enum
from collections.abc import Callable

import attrs
import trio

from actors.errors import FileGoneError, LimitExceededError, UnreadableError
from actors.model.features import Features
from actors.model.probe import Probe


class Never(enum.Enum):
    """The work on such a file tells of progress once, and then goes on until it is ended."""

    ENDS = enum.auto()


@attrs.define(eq=False, kw_only=True)
class FakeExecutor:
    """Gives for each path what `answers` holds for it; a path that is not there is a file that is gone."""

    workers: int = 2
    limit_s: float = 600.0
    answers: dict[bytes, tuple[Probe, Features] | UnreadableError | Never] = attrs.field(factory=dict)
    _places: dict[str, trio.CapacityLimiter] = attrs.field(init=False)

    @_places.default
    def _some_for_each_kind(self) -> dict[str, trio.CapacityLimiter]:
        return {kind: trio.CapacityLimiter(self.workers) for kind in ("probe", "analyze")}

    async def probe(self, path: bytes) -> Probe:
        """As `Executor.probe`."""
        return (await self._work("probe", path, lambda _: None))[0]

    async def analyze(self, path: bytes, *, progress: Callable[[float], None]) -> Features:
        """As `Executor.analyze`."""
        return (await self._work("analyze", path, progress))[1]

    async def _work(self, kind: str, path: bytes, progress: Callable[[float], None]) -> tuple[Probe, Features]:
        async with self._places[kind]:
            answer = self.answers.get(path)
            if answer is None:
                raise FileGoneError("gone", "it is not there any more")
            if isinstance(answer, UnreadableError):
                raise answer
            with trio.move_on_after(self.limit_s):
                progress(0.5)
                if answer is not Never.ENDS:
                    await trio.lowlevel.checkpoint()
                    return answer
                await trio.sleep_forever()
            raise LimitExceededError("time_limit", f"it took more than {self.limit_s:.0f} s")
