"""`rookery status`: the live supervision tree in the terminal."""

from collections.abc import Callable
from typing import Any

import attrs
import click
import httpx
import msgspec
import trio
from rich.live import Live
from rich.text import Text

from actors.config import SECONDS
from web.cli.address import url_option
from web.cli.drawing import drawing
from web.cli.interrupt import Console, run_until_interrupted, written

ANSWER_LIMIT_S = 5 * SECONDS
EVERY_S = 1 * SECONDS


class AwayError(Exception):
    """The service does not answer, or not with a tree; the text says which."""


@attrs.define(eq=False, kw_only=True)
class Watching:
    """Asks for the tree again and again; shows the last one, with a note, while the service is away."""

    url: str
    show: Callable[[dict[str, Any] | None, str | None], None]
    """Gets the newest tree, if there ever was one, and what is wrong, if anything is."""
    every_s: float = EVERY_S

    async def once(self) -> None:
        """Show it once. Raises: AwayError."""
        async with self._client() as client:
            self.show(await self._ask(client), None)

    async def run(self) -> None:
        """Show it until cancelled."""
        latest: dict[str, Any] | None = None
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
        return httpx.AsyncClient(base_url=self.url, timeout=ANSWER_LIMIT_S)

    async def _ask(self, client: httpx.AsyncClient) -> dict[str, Any]:
        try:
            response = await client.get("/api/v1/supervision")
            response.raise_for_status()
            status: Any = response.json()
        except httpx.HTTPStatusError as error:
            raise AwayError(f"{self.url} answers {error.response.status_code}") from error
        except httpx.HTTPError as error:
            raise AwayError(f"{self.url} is away ({str(error) or type(error).__name__})") from error
        except ValueError as error:
            raise AwayError(f"{self.url} is no Rookery") from error
        if not isinstance(status, dict) or "root" not in status:
            raise AwayError(f"{self.url} is no Rookery")
        return dict(status)


@click.command()
@url_option
@click.option("--once", is_flag=True, help="Show it once and end; a service that is away is an error.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one line each time.")
def status(url: str, *, once: bool, as_json: bool) -> None:
    """Show the supervision tree, live, until Ctrl-C."""
    console = Console(highlight=False)
    try:
        if as_json:
            watching = Watching(url=url, show=_write_json)
            run_until_interrupted(watching.once if once else watching.run)
        elif once:
            run_until_interrupted(Watching(url=url, show=lambda tree, note: _print(console, tree, note)).once)
        else:
            _live(console, url)
    except AwayError as error:
        raise click.ClickException(str(error)) from error


def _live(console: Console, url: str) -> None:
    with Live(console=console, auto_refresh=False, transient=False) as live:

        def show(tree: dict[str, Any] | None, note: str | None) -> None:
            shown = drawing(tree, note=note) if tree is not None else Text(note or "", style="yellow")
            live.update(shown, refresh=True)

        run_until_interrupted(Watching(url=url, show=show).run)


def _print(console: Console, tree: dict[str, Any] | None, note: str | None) -> None:
    assert tree is not None
    console.print(drawing(tree, note=note))


def _write_json(tree: dict[str, Any] | None, note: str | None) -> None:
    if note is not None:
        click.echo(note, err=True)
    elif tree is not None:
        written(msgspec.json.encode(tree).decode())
