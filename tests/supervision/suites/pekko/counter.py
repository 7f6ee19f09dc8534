"""The actor that the Pekko cases are made of, and what is asked of it."""

import trio
from trio.testing import wait_all_tasks_blocked

from supervision import Actor, Child, Context, Restart, Running, Supervisor


class Counter(Actor[object]):
    """Counts what it is told to add, raises errors that it is sent, calls functions, and notes its own life in `life`."""

    def __init__(self, life: list[str]) -> None:
        self.life = life
        self.count = 0

    async def started(self, context: Context) -> None:
        self.context = context
        self.life.append("started")

    async def receive(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        if message == "add":
            self.count += 1
        elif callable(message):
            return await message(self)
        return self.count

    async def stopped(self) -> None:
        self.life.append(f"stopped: {self.context.reason}")


def tree(life: list[str], restart: Restart = Restart.PERMANENT, kind: type[Counter] = Counter, **options) -> Supervisor:
    """One counter named a."""
    return Supervisor("r", children=[Child("a", lambda: kind(life), restart=restart)], **options)


async def ask(running: Running, message: object) -> object:
    return await running.ref("r/a").ask(message, timeout_s=100)


async def crash(running: Running, times: int = 1) -> None:
    for _ in range(times):
        running.ref("r/a").tell_nowait(ValueError("crash"))
        await wait_all_tasks_blocked()


async def crash_and_wait(running: Running, times: int) -> None:
    """Crash so often, and wait until the tree has ended by itself."""
    await crash(running, times)
    await trio.sleep_forever()
