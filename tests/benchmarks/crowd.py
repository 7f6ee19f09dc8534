"""Many connections to one server at once, each asking again as soon as it has its answer; run in a thread, since it blocks."""

import select
import socket
import time
from urllib.parse import urlsplit

import attrs

READ_BYTES = 256 * 1024
PATIENCE_S = 60
LENGTH = b"content-length: "


@attrs.define(eq=False)
class _Line:
    socket: socket.socket
    asked_s: float = 0.0
    missing: int = -1
    """Bytes of the answer that are still to come; unknown before its head is there."""
    begun: bytes = b""


def waits_s(address: str, request: bytes, *, greeting: bytes, connections: int, duration_s: float) -> list[float]:
    """How long each answer was waited for, of all that were asked for within `duration_s`; at least one for each connection.

    Args:
        address: of the server.
        request: what is asked.
        greeting: what each asks before, once, so that the server knows them all when the time begins.
        connections: how many ask at once.
        duration_s: for how long.

    Raises:
        RuntimeError: an answer is no good one with a length, or does not come.
    """
    parts = urlsplit(address)
    lines: dict[int, _Line] = {}
    try:
        for _ in range(connections):
            one = _Line(socket.create_connection((parts.hostname or "", parts.port or 80), PATIENCE_S))
            lines[one.socket.fileno()] = one
        _asked(lines, greeting, duration_s=0.0)
        return _asked(lines, request, duration_s=duration_s)
    finally:
        for one in lines.values():
            one.socket.close()


def _asked(lines: dict[int, _Line], request: bytes, *, duration_s: float) -> list[float]:
    waits: list[float] = []
    waiting = len(lines)
    with select.epoll() as poll:
        until_s = time.monotonic() + duration_s
        for number, one in lines.items():
            poll.register(number, select.EPOLLIN)
            _ask(one, request)
        while waiting:
            ready = poll.poll(PATIENCE_S)
            if not ready:
                raise RuntimeError(f"{waiting} answers did not come")
            for number, _ in ready:
                one = lines[number]
                if not _is_answered(one):
                    continue
                now_s = time.monotonic()
                waits.append(now_s - one.asked_s)
                if now_s < until_s:
                    _ask(one, request)
                else:
                    # Servers hang up on who says nothing for some seconds.
                    poll.unregister(number)
                    waiting -= 1
    return waits


def _ask(one: _Line, request: bytes) -> None:
    one.asked_s, one.missing, one.begun = time.monotonic(), -1, b""
    one.socket.send(request)


def _is_answered(one: _Line) -> bool:
    """Take what has come; whether that was all."""
    data = one.socket.recv(READ_BYTES)
    if not data:
        raise RuntimeError("the server hung up")
    if one.missing < 0:
        one.begun += data
        end = one.begun.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = one.begun[:end].lower() + b"\r\n"
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(one.begun[:500])
        start = head.index(LENGTH) + len(LENGTH)
        one.missing = int(head[start : head.index(b"\r", start)]) - (len(one.begun) - end - 4)
    else:
        one.missing -= len(data)
    return one.missing == 0
