"""`rookery tail`: the live feed in the terminal."""

from functools import partial
from typing import Any

import click

from actors.model.event import TOPICS
from web.cli.address import token_option, url_option
from web.cli.following import Following, follow, write_json
from web.cli.interrupt import Console
from web.cli.lines import line


def _named_topics(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    topics = tuple(filter(None, (name.strip() for name in text.split(","))))
    unknown = set(topics).difference(TOPICS)
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}")
    return topics


@click.command()
@url_option
@token_option
@click.option("--topics", callback=_named_topics, help=f"Only these, with commas between them: {', '.join(TOPICS)}.")
@click.option("--since", type=int, help="Begin after this event instead of now; 0 is everything that is kept.")
@click.option("--json", "as_json", is_flag=True, help="Each message as it comes, one a line.")
def tail(url: str, *, token: str | None, topics: tuple[str, ...] | None, since: int | None, as_json: bool) -> None:
    """Follow the live feed until Ctrl-C.

    When the service goes away it is tried again, and the feed goes on where it was: no event is missed or shown twice.
    """
    console, notes = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)
    following = Following(
        url=url,
        token=token,
        topics=topics,
        since=since,
        take=write_json if as_json else partial(_write_line, console),
        say=lambda text: notes.print(text, style="bright_black", markup=False),
    )
    follow(following.run)


def _write_line(console: Console, _text: str, message: dict[str, Any]) -> None:
    console.print(line(message))
