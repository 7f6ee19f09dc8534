"""One answer as an app gives it by ASGI: a head, which is kept back until its body begins, and the body. Knows no protocol."""

from typing import Any

Message = dict[str, Any]


class Answer:
    """The order of an answer's messages. How they go out is for the protocol that inherits: `_send_body`."""

    def __init__(self) -> None:
        self.has_begun = False
        """The head of the answer is out, or on its way."""
        self.is_answered = False
        """The whole answer is out."""
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """ASGI: the next of an answer's messages. Raises: RuntimeError for one that cannot follow."""
        if message["type"] == "http.response.start":
            if self._start is not None:
                raise RuntimeError("an answer has one start")
            self._start = message
            self.has_begun = True
        elif message["type"] == "http.response.body":
            if self._start is None:
                raise RuntimeError("an answer begins with http.response.start")
            if self.is_answered:
                raise RuntimeError("this answer has ended")
            is_last = not message.get("more_body", False)
            await self._send_body(self._start, message.get("body", b""), is_last=is_last)
        else:
            raise RuntimeError(f"this server knows no {message['type']!r}")

    async def _send_body(self, start: Message, body: bytes, *, is_last: bool) -> None:
        """Send a part of the body, and with the first the head that `start` tells of."""
        raise AssertionError
