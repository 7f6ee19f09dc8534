"""Whoever a follower tells, and can be waited for."""

import trio


class Listener:
    """Notes what people are told; what comes is for who inherits."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.news = trio.Event()

    def say(self, text: str) -> None:
        """Take a note."""
        self.notes.append(text)
        self.news.set()

    async def until(self, condition) -> None:
        """Wait until something holds, looking at each piece of news."""
        with trio.fail_after(20):
            while not condition():
                self.news = trio.Event()
                await self.news.wait()
