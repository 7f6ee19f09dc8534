"""What is hot is answered ahead of the framework: in the task that asks, by the operation that the framework would call.

Routing, contexts and tasks of the framework are what such a request would cost most. Which operations are hot is said where they
are declared; their routes are read from the framework's own. Nothing is kept here, and nothing decided but the way.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import cast

import attrs
import trio
from quart import Quart, Response
from quart.wrappers.response import DataBody
from werkzeug.exceptions import RequestEntityTooLarge, RequestTimeout

from web.endpoints import PLACE, declaration_of
from web.exchange import LeftError, exchange
from web.front.outgoing import Message, Receive, Send
from web.limits import BODY_LIMIT_S, JSON_LIMIT_BYTES
from web.sent import Sent
from web.services import Services, using

Operation = Callable[..., Awaitable[Response]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Table:
    """The ways to hot operations, which are those of the framework."""

    plain: Mapping[str, Mapping[str, Operation]]
    """By path without places and by method; of a path where nothing is hot it has no method."""
    placed: tuple[tuple[re.Pattern[str], frozenset[str], Operation], ...]
    """Paths with places, their methods, and where they lead."""

    @classmethod
    def of(cls, app: Quart) -> "Table":
        """Read from the routes of an app."""
        plain: dict[str, dict[str, Operation]] = {}
        placed = []
        for rule in app.url_map.iter_rules():
            operation = cast("Operation", app.view_functions[rule.endpoint])
            declaration = declaration_of(operation)
            is_hot = declaration is not None and declaration.is_hot
            methods = frozenset(rule.methods or ()) if is_hot else frozenset()
            if not rule.arguments:
                plain.setdefault(rule.rule, {}).update(dict.fromkeys(methods, operation))
            elif is_hot:
                one = app.url_map.converters["default"].regex
                placed.append((re.compile(_pattern(rule.rule, one)), methods, operation))
        return cls(plain=plain, placed=tuple(placed))

    def find(self, method: str, path: str) -> tuple[Operation, Mapping[str, str]] | None:
        """The hot operation that a request means, and what stands in its places; None for whatever else it means."""
        here = self.plain.get(path)
        if here is not None:
            operation = here.get(method)
            return None if operation is None else (operation, {})
        for pattern, methods, operation in self.placed:
            if method in methods and (found := pattern.fullmatch(path)):
                return operation, found.groupdict()
        return None


class Ahead:
    """An ASGI application in front of a framework's; both answer for the same services."""

    def __init__(self, inside: Application, table: Table, services: Services) -> None:
        self._inside = inside
        self._table = table
        self._services = services

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, socket or lifespan."""
        with using(self._services):
            found = None
            if scope["type"] == "http" and not scope.get("root_path"):
                found = self._table.find(scope["method"], scope["path"])
            if found is None:
                await self._inside(scope, receive, send)
                return
            operation, places = found
            current = exchange()
            current.read, current.left = partial(_whole, receive, current.sent), partial(_until_left, receive)
            try:
                response = await operation(**places)
            except LeftError:
                return
            finally:
                # The exchange would hold the ends of its own request: a circle, which only a collection can free.
                current.read = current.left = None
            body = response.response
            assert isinstance(body, DataBody)  # what is hot has its answer in memory
            headers = [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": body.data})


def _pattern(rule: str, place: str) -> str:
    """A route with places as a regular expression; `place` is what may stand in each."""
    # Of three pieces each: text, converter, name.
    text, *rest = PLACE.split(rule)
    named = (
        f"(?P<{name}>{place}){re.escape(following)}" for name, following in zip(rest[1::3], rest[2::3], strict=True)
    )
    return re.escape(text) + "".join(named)


async def _whole(receive: Receive, sent: Sent) -> bytes:
    """The body of a request.

    Raises:
        HTTPException: 413 and 408, as the framework does.
        LeftError: the client went before its end.
    """
    if int(sent.get("content-length") or 0) > JSON_LIMIT_BYTES:
        raise RequestEntityTooLarge
    whole = b""
    with trio.move_on_after(BODY_LIMIT_S) as patience:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise LeftError
            whole += message.get("body", b"")
            if len(whole) > JSON_LIMIT_BYTES:
                raise RequestEntityTooLarge
            if not message.get("more_body", False):
                break
    if patience.cancelled_caught:
        raise RequestTimeout
    return whole


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] == "http.request":
        pass
