"""`rookery status`: the live supervision tree in the terminal, or one part of it in detail."""

import difflib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import attrs
import click
import httpx
import msgspec
import trio
from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from actors.config import SECONDS
from web.cli import away
from web.cli.address import UNAUTHENTICATED, asks_who, shown, token_option, trusted, url_option
from web.cli.detail import detail
from web.cli.drawing import drawing
from web.cli.interrupt import Console, run_until_interrupted, written

ANSWER_LIMIT_S = 5 * SECONDS
FORBIDDEN = 403
EVERY_S = 1 * SECONDS
EVENTS = 10
"""So many of the newest events are asked for."""


class AwayError(Exception):
    """The service does not answer, or not with a tree; the text says which."""


class NoPartError(Exception):
    """The tree has no such part; the text names those that are nearest."""


@attrs.frozen(kw_only=True)
class Seen:
    """What was asked for: the whole tree, or one part of it, as JSON, and the newest events there, the newest first."""

    told: dict[str, Any]
    events: list[dict[str, Any]]


@attrs.define(eq=False, kw_only=True)
class Watching:
    """Asks for the tree again and again; shows the last one, with a note, while the service is away."""

    url: str
    show: Callable[[Seen | None, str | None], None]
    """Gets the newest, if there ever was one, and what is wrong, if anything is."""
    token: str | None = attrs.field(default=None, repr=False)
    """What says who asks, where the service wants to know."""
    part: str | None = None
    """A path, or as much of its end as names one part; None: the whole tree."""
    every_s: float = EVERY_S

    async def once(self) -> None:
        """Show it once. Raises: AwayError, NoPartError."""
        async with self._client() as client:
            self.show(await self._ask(client), None)

    async def run(self) -> None:
        """Show it until cancelled. Raises: NoPartError."""
        latest: Seen | None = None
        async with self._client() as client:
            while True:
                note = None
                try:
                    latest = await self._ask(client)
                except AwayError as error:
                    note = f"{error}; trying again"
                self.show(latest, note)
                await trio.sleep(self.every_s)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self.url, headers=shown(self.token), timeout=ANSWER_LIMIT_S, verify=trusted(self.url)
        )

    async def _ask(self, client: httpx.AsyncClient) -> Seen:
        status = await self._json(client, "/api/v1/supervision")
        if "root" not in status:
            raise AwayError(f"{self.url} is no Rookery")
        told = status if self.part is None else found(status["root"], self.part)
        query = {"pageSize": str(EVENTS)} | ({} if self.part is None else {"path": told["path"]})
        events = await self._json(client, "/api/v1/supervision/events", query)
        return Seen(told=told, events=events.get("data", []))

    async def _json(self, client: httpx.AsyncClient, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            response = await client.get(path, params=query)
            response.raise_for_status()
            answer: Any = response.json()
        except httpx.HTTPStatusError as error:
            raise AwayError(self._refusal(error.response.status_code)) from error
        except httpx.HTTPError as error:
            raise AwayError(f"{self.url} is away ({away.reason(error)})") from error
        except ValueError as error:
            raise AwayError(f"{self.url} is no Rookery") from error
        if not isinstance(answer, dict):
            raise AwayError(f"{self.url} is no Rookery")
        return answer

    def _refusal(self, status: int) -> str:
        if status == UNAUTHENTICATED:
            return asks_who(self.url, self.token)
        return (
            f"{self.url} shows this to administrators only" if status == FORBIDDEN else f"{self.url} answers {status}"
        )


def found(root: dict[str, Any], part: str) -> dict[str, Any]:
    """The one part whose path is this, or ends so: `watcher` is `rookery/pipeline/watcher`. Raises: NoPartError."""
    wanted = part.strip("/")
    nodes = {node["path"]: node for node in _all(root)}
    if wanted in nodes:
        return nodes[wanted]
    ending = [path for path in nodes if path.endswith(f"/{wanted}")]
    if len(ending) == 1:
        return nodes[ending[0]]
    names = {path.rpartition("/")[2]: path for path in nodes}
    near = (
        ending or [names[name] for name in difflib.get_close_matches(wanted.rpartition("/")[2], names)] or list(nodes)
    )
    raise NoPartError(f"no part is {part}; there {'are' if len(near) > 1 else 'is'} {', '.join(near)}")


def _all(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _all(child)


@click.command()
@url_option
@token_option
@click.argument("part", required=False)
@click.option("--once", is_flag=True, help="Show it once and end; a service that is away is an error.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one line each time.")
def status(url: str, *, token: str | None, part: str | None, once: bool, as_json: bool) -> None:
    """Show the supervision tree, live, until Ctrl-C; or one PART of it with all its figures, such as `watcher`.

    What happens in the tree can be followed by `rookery tail --topics supervision`.
    """
    console = Console(highlight=False)
    try:
        if as_json:
            watching = Watching(url=url, token=token, part=part, show=_write_json)
            run_until_interrupted(watching.once if once else watching.run)
        elif once:
            show = partial(_print, console, part is not None)
            run_until_interrupted(Watching(url=url, token=token, part=part, show=show).once)
        else:
            _live(console, url, token, part)
    except (AwayError, NoPartError) as error:
        raise click.ClickException(str(error)) from error


def _live(console: Console, url: str, token: str | None, part: str | None) -> None:
    with Live(console=console, auto_refresh=False, transient=False) as live:

        def show(seen: Seen | None, note: str | None) -> None:
            live.update(_picture(seen, note, is_part=part is not None), refresh=True)

        run_until_interrupted(Watching(url=url, token=token, part=part, show=show).run)


def _picture(seen: Seen | None, note: str | None, *, is_part: bool) -> RenderableType:
    if seen is None:
        return Text(note or "", style="yellow")
    return (detail if is_part else drawing)(seen.told, events=seen.events, note=note)


def _print(console: Console, is_part: bool, seen: Seen | None, note: str | None) -> None:  # noqa: FBT001 — bound by `partial` alone
    console.print(_picture(seen, note, is_part=is_part))


def _write_json(seen: Seen | None, note: str | None) -> None:
    if note is not None:
        click.echo(note, err=True)
    elif seen is not None:
        written(msgspec.json.encode(seen.told).decode())
