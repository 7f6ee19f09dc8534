"""`rookery search`: what the catalogue of a running service holds, from the terminal."""

from typing import Any

import click
import httpx
import msgspec
from rich.table import Table
from rich.text import Text

from actors.config import SECONDS
from web.cli import away
from web.cli.address import UNAUTHENTICATED, asks_who, shown, token_option, trusted, url_option
from web.cli.interrupt import Console, run_until_interrupted, written

ANSWER_LIMIT_S = 30 * SECONDS
MOST = 500
NARROW = 100
"""Columns of a terminal that has no room for the paths."""


class AwayError(Exception):
    """The service does not answer, or refuses; the text says which."""


@click.command()
@click.argument("words", nargs=-1)
@url_option
@token_option
@click.option("--artist", "artists", multiple=True, help="Only those of an artist; may be given several times.")
@click.option("--genre", "genres", multiple=True, help="Only those of a genre; may be given several times.")
@click.option("--sort", default=None, help="By what they are ordered, as in the API: relevance, title, bpm, addedAt …")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, MOST), help="So many at most.")
@click.option("--json", "as_json", is_flag=True, help="One track a line, as the API gives it.")
def search(words: tuple[str, ...], *, url: str, token: str | None, limit: int, as_json: bool, **wanted: Any) -> None:
    """Find tracks by WORDS of their titles, artists, albums and file names: in any order, begun, or slightly misspelled.

    Without WORDS it lists the newest. The exit code is 1 if nothing was found.
    """
    body = asked(words, limit=limit, **wanted)
    found: list[dict[str, Any]] = []
    total: list[int | None] = []

    async def work() -> None:
        page = await _ask(url, token, body)
        found.extend(page["data"])
        total.append(page["meta"]["total"])

    try:
        run_until_interrupted(work)
        if not total:
            raise click.Abort  # interrupted before the answer: that nothing is there would be a claim
        if as_json:
            for track in found:
                written(msgspec.json.encode(track).decode())
        else:
            _print(found, total[0])
    except AwayError as error:
        raise click.ClickException(str(error)) from error
    if not found:
        raise SystemExit(1)


def asked(
    words: tuple[str, ...], *, limit: int, artists: tuple[str, ...], genres: tuple[str, ...], sort: str | None
) -> dict[str, Any]:
    """The body of the search, for `POST /tracks/search`; what was not said is left out."""
    filters = {name: list(values) for name, values in (("artists", artists), ("genres", genres)) if values}
    body: dict[str, Any] = {"pagination": {"page": 1, "pageSize": limit}}
    if words:
        body["query"] = " ".join(words)
    if filters:
        body["filters"] = filters
    if sort is not None:
        body["sort"] = sort
    return body


async def _ask(url: str, token: str | None, body: dict[str, Any]) -> Any:
    try:
        async with httpx.AsyncClient(
            base_url=url, timeout=ANSWER_LIMIT_S, headers=shown(token), verify=trusted(url)
        ) as client:
            response = await client.post("/api/v1/tracks/search", json=body)
        answer = response.json()
        if response.is_success:
            return answer
        raise AwayError(asks_who(url, token) if response.status_code == UNAUTHENTICATED else _refusal(answer))
    except httpx.HTTPError as error:
        raise AwayError(f"{url} is away ({away.reason(error)})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise AwayError(f"{url} is no Rookery") from error


def _refusal(problem: dict[str, Any]) -> str:
    """A problem in one line: what is wrong with each field, where it is about fields."""
    fields: list[str] = [error["message"] for error in problem.get("errors", ())]
    return "; ".join(fields) or str(problem["message"])


def _print(found: list[dict[str, Any]], total: int | None) -> None:
    console = Console(highlight=False)
    if not found:
        console.print("Nothing was found.", style="bright_black")
        return
    # Expanded, since only then its columns share what there is: a long path would push the title out.
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bright_black", expand=True)
    for name, options in COLUMNS.items():
        if name != "file" or console.width > NARROW:
            table.add_column(name, **options)
    for track in found:
        cells = _cells(track)
        table.add_row(*(cells if console.width > NARROW else cells[:-1]))
    console.print(table)
    if total is not None and total > len(found):
        console.print(f"{len(found)} of {total}; --limit shows more", style="bright_black")


COLUMNS: dict[str, dict[str, Any]] = {
    "title": {"overflow": "ellipsis", "no_wrap": True, "ratio": 3},
    "artist": {"overflow": "ellipsis", "no_wrap": True, "ratio": 2},
    "length": {"justify": "right", "no_wrap": True},
    "bpm": {"justify": "right", "no_wrap": True},
    "key": {"no_wrap": True},
    "file": {"overflow": "ellipsis", "no_wrap": True, "ratio": 3, "style": "bright_black"},
}


def _cells(track: dict[str, Any]) -> list[Text]:
    features = track.get("features") or {}
    tempo, key = features.get("tempo"), features.get("key")
    return [
        Text(track["title"], style="" if track["presence"] == "present" else "strike"),
        Text(track["artist"] or ""),
        Text(_length(track["duration"])),
        Text(f"{tempo['bpm']:.1f}" if tempo else ""),
        Text(f"{key['camelot']} {key['name']}" if key else ""),
        Text(track["path"] or ""),
    ]


def _length(duration_s: float | None) -> str:
    if duration_s is None:
        return ""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
