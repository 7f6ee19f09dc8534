"""A value that some tasks wait for and one place gives, once."""

from typing import Generic, TypeVar

import trio

Value = TypeVar("Value")


class Answer(Generic[Value]):
    """Given or failed once; every wait, before or after, gets the same. Cancelling a wait changes nothing."""

    __slots__ = ("_error", "_event", "_value", "given")

    def __init__(self) -> None:
        self.given = False
        self._event: trio.Event | None = None
        self._value: Value | None = None
        self._error: BaseException | None = None

    def give(self, value: Value) -> None:
        """The answer is here."""
        self._value = value
        self._settle()

    def fail(self, error: BaseException) -> None:
        """There is an error instead."""
        self._error = error
        self._settle()

    def _settle(self) -> None:
        self.given = True
        if self._event is not None:
            self._event.set()

    async def wait(self) -> Value:
        """The value; raises the error if there is one."""
        if self.given:
            await trio.lowlevel.checkpoint()
        else:
            if self._event is None:
                self._event = trio.Event()
            await self._event.wait()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # given, so it is a Value
