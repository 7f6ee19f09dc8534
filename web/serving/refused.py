"""What a server answers by itself: what came over the line is no request that any app should see."""

from typing import Protocol

Headers = list[tuple[bytes, bytes]]


class Refused(Protocol):
    """Makes the answer to what is refused: status, headers (with the body's length) and body."""

    def __call__(self, status: int, message: str | None = None) -> tuple[int, Headers, bytes]:
        """For a status of 400, 405, 408, 414, 429, 431, 500 or 503; `message` says what was wrong where that is known."""
        ...


class RefusedError(Exception):
    """The peer's bytes are refused with a status; the connection ends behind that."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def bare(status: int, message: str | None = None) -> tuple[int, Headers, bytes]:
    """A refusal in plain text, for apps that have no form of their own."""
    body = f"{message}\n".encode() if message else b""
    return status, [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))], body
