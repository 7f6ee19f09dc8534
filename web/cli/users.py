"""`rookery users`: accounts, whether the service runs or not."""

import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click
import msgspec

from actors.config import Config
from actors.errors import ConflictError
from actors.model.user import LOCAL_USER_ID, NAME, Role, User, UserChange
from actors.model.user_view import user_view
from actors.passwords import LONGEST_CHARACTERS, SHORTEST_CHARACTERS, Passwords
from actors.store.store import Store, open_store
from actors.store.visit import visited
from web.cli.database import database_options, run_on

MOST_LISTED = 10_000

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input, one line, instead of asking for it."
)


@click.group()
def users() -> None:
    """Accounts: who may log in, and what they may do."""


@users.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@database_options
def list_(*, as_json: bool, **settings: Any) -> None:
    """Show all accounts."""

    async def work(store: Store) -> None:
        found, _ = await store.users.list_(limit=MOST_LISTED, offset=0)
        for user in found:
            click.echo(_json(user) if as_json else f"{user.name:<24} {user.role:<9} {user.shown_name or ''}".rstrip())
        if not found and not as_json:
            click.echo(
                "Nobody has an account. The first one is an administrator's: rookery users add NAME --admin", err=True
            )

    on_store(work, **settings)


@users.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="As an administrator; the first account must be one.")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), help="listener (the default), editor or admin."
)
@click.option("--shown-name", help="How others see them.")
@click.option("--json", "as_json", is_flag=True, help="Show the new account as JSON.")
@password_option
@database_options
def add(
    name: str,
    *,
    admin: bool,
    role: str | None,
    shown_name: str | None,
    as_json: bool,
    password_stdin: bool,
    **settings: Any,
) -> None:
    """Make an account by which NAME can log in. From the first one on, everybody must."""
    wanted = Role.ADMIN if admin else Role(role or Role.LISTENER)
    if not re.fullmatch(NAME, name):
        raise click.BadParameter(
            "1–64 letters, digits and . _ @ - of ASCII, the first a letter or digit", param_hint="NAME"
        )
    password = new_password(from_stdin=password_stdin)

    async def work(store: Store) -> None:
        password_hash = await Passwords().hashed(password)
        user = await store.users.add(name=name, role=wanted, password_hash=password_hash, shown_name=shown_name)
        click.echo(_json(user) if as_json else f"{user.name} may log in, as {user.role}")

    on_store(work, **settings)


@users.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@database_options
def remove(name: str, *, yes: bool, **settings: Any) -> None:
    """Remove the account NAME with its logins, keys, preferences, ratings, plays and memories."""
    if not yes:
        click.confirm(f"Remove {name} and all that is theirs?", abort=True, err=True)

    async def work(store: Store) -> None:
        user = await account(store, name)
        await store.users.remove(user.id)
        click.echo(f"{user.name} is removed")

    on_store(work, **settings)


@users.command()
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@database_options
def role(name: str, role: str, **settings: Any) -> None:
    """Give NAME another ROLE: listener, editor or admin."""

    async def work(store: Store) -> None:
        user = await account(store, name)
        await store.users.change(user.id, UserChange(role=Role(role)))
        click.echo(f"{user.name} is {role} now")

    on_store(work, **settings)


@users.command()
@click.argument("name")
@password_option
@database_options
def password(name: str, *, password_stdin: bool, **settings: Any) -> None:
    """Give NAME another password, and end all their logins."""
    new = new_password(from_stdin=password_stdin)

    async def work(store: Store) -> None:
        user = await account(store, name)
        await store.users.change(user.id, UserChange(password_hash=await Passwords().hashed(new)))
        click.echo(f"{user.name} has another password; all their logins have ended")

    on_store(work, **settings)


def on_store(work: Callable[[Store], Awaitable[None]], **settings: Any) -> None:
    """Do something with the catalogue of the service, which may run meanwhile."""

    async def visit(config: Config) -> None:
        async with visited(config) as url, open_store(config, url=url) as store:
            await work(store)

    run_on(visit, **settings)


async def account(store: Store, name: str) -> User:
    """The account with this name.

    Raises:
        ConflictError: there is none.
    """
    found = await store.users.find_account(name=name)
    if found is None or found.user.id == LOCAL_USER_ID:
        raise ConflictError(f"Nobody has the name {name}. See: rookery users list")
    return found.user


def new_password(*, from_stdin: bool) -> str:
    """A new password, asked for twice, or from standard input.

    Raises:
        UsageError: it is too short or too long, or there is nobody to ask.
    """
    if from_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        text = click.prompt("Password", hide_input=True, confirmation_prompt="Once more", err=True)
    else:
        raise click.UsageError("There is no terminal to ask for the password; pipe it in with --password-stdin")
    if not SHORTEST_CHARACTERS <= len(text) <= LONGEST_CHARACTERS:
        raise click.UsageError(f"A password has {SHORTEST_CHARACTERS} to {LONGEST_CHARACTERS} characters")
    return text


def _json(user: User) -> str:
    return msgspec.json.encode(user_view(user)).decode()
