"""A tree of one actor, told and asked, seen from outside."""

import attrs
import trio

from supervision import Actor, Child, Supervisor, run


@attrs.frozen
class Heard:
    """A rook called."""

    name: str


class Counter(Actor[Heard]):
    """Counts calls."""

    def __init__(self) -> None:
        self._calls = 0

    async def receive(self, message: Heard) -> int:
        """One more; the answer to an ask is how many there were."""
        self._calls += 1
        return self._calls


async def main() -> None:
    """Tell, ask, look."""
    async with run(Supervisor("rookery", children=[Child("counter", Counter)])) as running:
        counter = running.ref("rookery/counter")
        await counter.tell(Heard("one"))
        print("calls:", await counter.ask(Heard("two"), timeout_s=1.0))
        print("handled:", running.status().find("rookery/counter").handled)


trio.run(main)
