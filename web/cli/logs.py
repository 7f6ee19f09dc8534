"""`rookery logs`: what the service logs, in another terminal."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import attrs
import click
import httpx
import msgspec
import trio

from actors.config import SECONDS
from actors.journal import LINES
from web.cli import away
from web.cli.address import UNAUTHENTICATED, asks_who, shown, token_option, trusted, url_option
from web.cli.following import RefusedError, follow, write_json
from web.cli.interrupt import Console
from web.cli.logged import COLORS, logged
from web.cli.retry import pauses_s

FORBIDDEN = 403
CONNECT_LIMIT_S = 10 * SECONDS
SILENCE_S = 40 * SECONDS
"""A service that is there gives a sign of life every 15 s."""


@attrs.define(eq=False, kw_only=True)
class LogFollowing:
    """One follower of the log: where it stands, and whom it tells. It outlives every break, and shows no line twice."""

    url: str
    level: str
    logger: str | None = None
    tail: int
    token: str | None = attrs.field(default=None, repr=False)
    """What says who follows, where the service asks."""
    take: Callable[[str, dict[str, Any]], None]
    """Gets each line as it came and as a value."""
    say: Callable[[str], None]
    """Gets what people should know of the connection."""
    _place: str | None = None
    _named: str | None = attrs.field(init=False, default=None)
    """The place of what is being heard, which counts once all of it was."""
    _pauses: Iterator[float] = attrs.field(factory=pauses_s)

    async def run(self) -> None:
        """Follow until cancelled. Raises: RefusedError."""
        limits = httpx.Timeout(CONNECT_LIMIT_S, read=SILENCE_S)
        async with httpx.AsyncClient(
            base_url=self.url, headers=shown(self.token), timeout=limits, verify=trusted(self.url)
        ) as client:
            while True:
                try:
                    await self._follow(client)
                    reason = "the log ended"
                except httpx.HTTPError as error:
                    reason = away.reason(error)
                pause_s = next(self._pauses)
                self.say(f"{self.url} is away ({reason}); trying again in {pause_s:.1f} s")
                await trio.sleep(pause_s)

    async def _follow(self, client: httpx.AsyncClient) -> None:
        query = {"level": self.level, "tail": str(self.tail)} | ({"logger": self.logger} if self.logger else {})
        headers = {} if self._place is None else {"Last-Event-ID": self._place}
        async with client.stream("GET", "/api/v1/logs", params=query, headers=headers) as answer:
            self._refuse(answer)
            self._pauses = pauses_s()
            self.say(f"following the log of {self.url}")
            self._named = None
            rest = b""
            async for piece in answer.aiter_bytes():
                # Not httpx's own lines, which also end where JSON has a character as it is, such as U+2028 or U+0085.
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self._hear(line.decode())

    def _hear(self, line: str) -> None:
        name, _, text = line.partition(": ")
        if name == "id":
            self._named = text
        elif name == "data":
            self._take(text)
        elif not line and self._named is not None:
            self._place = self._named

    def _refuse(self, answer: httpx.Response) -> None:
        if answer.status_code == UNAUTHENTICATED:
            raise RefusedError(asks_who(self.url, self.token))
        if answer.status_code == FORBIDDEN:
            raise RefusedError(f"{self.url} shows its log to administrators only")
        if answer.is_client_error:
            raise RefusedError(f"{self.url} refuses: status {answer.status_code}")
        answer.raise_for_status()
        if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
            raise RefusedError(f"{self.url} is no Rookery")

    def _take(self, text: str) -> None:
        message = msgspec.json.decode(text, type=dict[str, Any])
        if message["type"] == "LOG":
            self.take(text, message)
        elif message["type"] == "GOODBYE":
            self._pauses = chain([float(message["payload"]["retrySeconds"])], pauses_s())
        elif message["type"] == "ERROR":
            self.say(message["payload"]["message"])


@click.command()
@url_option
@token_option
@click.option("--level", type=click.Choice(list(COLORS)), default="info", show_default=True, help="At least so grave.")
@click.option("--logger", help="Only of this logger and those below it, such as rookery.access.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, LINES),
    default=20,
    show_default=True,
    help="Begin with the last so many.",
)
@click.option("--json", "as_json", is_flag=True, help="Each message as it comes, one a line.")
def logs(url: str, *, token: str | None, level: str, logger: str | None, lines: int, as_json: bool) -> None:
    """Follow the service's log until Ctrl-C.

    When the service goes away it is tried again, and the log goes on where it was.
    """
    console, notes = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
    following = LogFollowing(
        url=url,
        token=token,
        level=level,
        logger=logger,
        tail=lines,
        take=write_json if as_json else partial(_write_lines, console),
        say=lambda text: notes.print(text, style="bright_black", markup=False),
    )
    follow(following.run)


def _write_lines(console: Console, _text: str, message: dict[str, Any]) -> None:
    for line in logged(message):
        console.print(line)
