"""`rookery keys`: API keys, whether the service runs or not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click
import msgspec

from actors.errors import ConflictError
from actors.model.key import KEY_PREFIX, Key, digest, fresh_secret
from actors.model.user import Role
from actors.model.user_view import api_key_view
from actors.store.store import Store
from web.cli.database import database_options
from web.cli.users import MOST_LISTED, account, on_store


@click.group()
def keys() -> None:
    """API keys: what programs show instead of a password."""


@keys.command("list")
@click.option("--user", help="Only those of this account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@database_options
def list_(*, user: str | None, as_json: bool, **settings: Any) -> None:
    """Show all keys, without their secrets."""

    async def work(store: Store) -> None:
        owner = None if user is None else (await account(store, user)).id
        found, _ = await store.keys.list_(owner, limit=MOST_LISTED, offset=0)
        people, _ = await store.users.list_(limit=MOST_LISTED, offset=0)
        names = {person.id: person.name for person in people}
        for key in found:
            click.echo(_json(key) if as_json else _line(key, names.get(key.user_id, key.user_id)))
        if not found and not as_json:
            click.echo("There is no key. To make one: rookery keys add USER NAME", err=True)

    on_store(work, **settings)


@keys.command()
@click.argument("user")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    help="No more than this; what the account may, if not said.",
)
@click.option("--days", type=click.IntRange(1, 3_660), help="So many days; without end, if not said.")
@click.option("--json", "as_json", is_flag=True, help="Show the new key as JSON.")
@database_options
def add(user: str, name: str, *, role: str | None, days: int | None, as_json: bool, **settings: Any) -> None:
    """Make a key for the account USER, to be known as NAME, and show its secret this once."""
    if not 1 <= len(name) <= 100:
        raise click.BadParameter("1–100 characters", param_hint="NAME")

    async def work(store: Store) -> None:
        owner = await account(store, user)
        wanted = Role(role) if role is not None else owner.role
        if not owner.role.includes(wanted):
            raise ConflictError(f"{owner.name} is {owner.role}, and no key of theirs allows more")
        secret = fresh_secret(KEY_PREFIX)
        expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
        key = await store.keys.add(owner.id, digest(secret), name=name, role=wanted, expires_at=expires_at)
        shown = msgspec.to_builtins(api_key_view(key)) | {"secret": secret}
        click.echo(msgspec.json.encode(shown).decode() if as_json else secret)

    on_store(work, **settings)


@keys.command()
@click.argument("key_id", metavar="ID")
@database_options
def revoke(key_id: str, **settings: Any) -> None:
    """Revoke the key with this ID, as `rookery keys list` shows it."""

    async def work(store: Store) -> None:
        if not await store.keys.remove(key_id):
            raise ConflictError(f"No key has the id {key_id}. See: rookery keys list")
        click.echo(f"{key_id} lets nobody in any more")

    on_store(work, **settings)


def _line(key: Key, owner: str) -> str:
    used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
    ends = f", until {key.expires_at:%Y-%m-%d}" if key.expires_at else ""
    return f"{key.id}  {owner:<16} {key.role:<9} {key.name} ({used}{ends})"


def _json(key: Key) -> str:
    return msgspec.json.encode(api_key_view(key)).decode()
