"""What people are told when PostgreSQL cannot be used."""

import traceback
from urllib.parse import unquote, urlsplit

import asyncpg
import attrs
import pytest

from actors.config import Config
from actors.errors import ConfigurationError, DatabaseAwayError, DatabaseError, RookeryError
from actors.store.refusal import connect_refusal, is_away, malformed_part, query_refusal, reason, shown_url
from actors.store.store import open_store
from tests.urls import other_database, other_user


@pytest.mark.parametrize(
    "url,shown",
    [
        ("postgresql://ann:secret@db.example:5433/music?sslmode=require", "postgresql://ann@db.example:5433/music"),
        ("postgresql:///music", "postgresql:///music"),
        ("postgresql://[::1", "the given URL"),
        ("postgresql://host:port/x", "the given URL"),
        ("postgresql://ann:12/cret@host/music", "the given URL"),
        ("postgresql://ann:12?cret@host/music", "the given URL"),
        ("postgresql://ann:se@cret@host/music", "the given URL"),
        ("postgresql:/ann:secret@host/music", "the given URL"),
        ("ann:secret@host/music", "the given URL"),
        ("host=db user=ann password=secret", "the given URL"),
        ("postgresql:///music&password=secret", "the given URL"),
    ],
)
def test_a_shown_url_has_no_password_and_no_options(url: str, shown: str):
    assert shown_url(url) == shown


@pytest.mark.parametrize(
    "error,away",
    [
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InterfaceError("pool is closing"), True),
        (asyncpg.InterfaceError("the server expects 1 argument for this query, 0 were passed"), False),
        (asyncpg.DataError("invalid input for query argument $1"), False),
        (asyncpg.ConnectionDoesNotExistError("closed in the middle of operation"), True),
        (asyncpg.AdminShutdownError("terminating connection"), True),
        (asyncpg.CannotConnectNowError("the database system is starting up"), True),
        (ConnectionRefusedError(111, "Connection refused"), True),
        (TimeoutError(), True),
        (asyncpg.UniqueViolationError("duplicate key"), False),
    ],
)
def test_only_lost_connections_count_as_away(error: Exception, *, away: bool):
    assert is_away(error) is away


@pytest.mark.parametrize(
    "error,kind,text",
    [
        (asyncpg.QueryCanceledError("canceling statement due to statement timeout"), DatabaseError, "longer than 3 s"),
        (TimeoutError(), DatabaseAwayError, "no answer in time"),
        (asyncpg.DeadlockDetectedError("deadlock detected"), DatabaseAwayError, "contended"),
        (asyncpg.UniqueViolationError("duplicate key"), DatabaseError, "duplicate key"),
        (asyncpg.InvalidPasswordError("wrong"), DatabaseError, "refuses the login (wrong). Check user and password"),
    ],
)
def test_a_failed_statement_is_told_by_who_can_mend_it(error: Exception, kind: type, text: str):
    refusal = query_refusal(error, 3.0)
    assert type(refusal) is kind
    assert text in str(refusal)


def test_a_reason_is_one_line_and_never_empty():
    assert reason(asyncpg.CannotConnectNowError("not yet\nDETAIL:  wait")) == "not yet DETAIL: wait"
    assert reason(ConnectionResetError()) == "ConnectionResetError"


def test_a_configuration_that_asyncpg_refuses_is_the_users_to_mend():
    assert isinstance(connect_refusal(ValueError("bad"), "x"), ConfigurationError)


async def refused(url: str, config: Config) -> Exception:
    with pytest.raises(RookeryError) as caught:
        async with open_store(config, url=url):
            pass
    return caught.value


async def test_a_server_that_is_away_is_named(store_config: Config):
    error = await refused("postgresql://ann:secret@127.0.0.1:1/music", store_config)
    assert isinstance(error, DatabaseAwayError)
    assert "postgresql://ann@127.0.0.1:1/music does not answer" in str(error)
    assert "secret" not in str(error)


async def test_a_socket_folder_without_a_server_is_away(store_config: Config, tmp_path):
    error = await refused(f"postgresql://ann@/music?host={tmp_path}", store_config)
    assert isinstance(error, DatabaseAwayError)


async def test_an_unknown_database_is_named(postgres_url: str, store_config: Config):
    error = await refused(other_database(postgres_url, "nowhere"), store_config)
    assert not isinstance(error, DatabaseAwayError)
    assert "has no such database" in str(error)


async def test_a_refused_login_is_told(postgres_url: str, store_config: Config):
    error = await refused(other_user(postgres_url, "stranger"), store_config)
    assert not isinstance(error, DatabaseAwayError)
    assert "refuses the login" in str(error)


@pytest.mark.parametrize("url", ["mysql://ann@host/music", "postgresql://host:port/music", "music"])
async def test_a_url_that_is_none_is_a_matter_of_configuration(url: str, store_config: Config):
    with pytest.raises(ConfigurationError, match="database_url"):
        async with open_store(store_config, url=url):
            pass


@pytest.mark.parametrize(
    "url, part",
    [
        ("postgresql://ann:se/cret@127.0.0.1/music", "user and password"),
        ("postgresql://ann:se?cret@127.0.0.1/music", "user and password"),
        ("postgresql://ann:se#cret@127.0.0.1/music", "user and password"),
        ("postgresql://ann:se@cret@127.0.0.1/music", "user and password"),
        ("postgresql://ann:secret@127.0.0.1:cret/music", "host or its port"),
        ("postgresql://ann:secret@[::1/music", "host or its port"),
        ("postgresql://ann:secret@127.0.0.1:1/music?cret", "option"),
        ("postgresql://ann:secret@127.0.0.1:1/music?sslmode=cret", "option"),
        ("ann:secret@127.0.0.1/music", "beginning"),
        ("host=127.0.0.1 user=ann password=secret", "beginning"),
    ],
)
async def test_of_a_malformed_url_the_part_is_named_and_nothing_repeated(url: str, part: str, store_config: Config):
    error = await refused(url, store_config)
    assert isinstance(error, ConfigurationError)
    assert part in str(error)
    assert "postgresql://user:password@host:5432/name" in str(error)
    assert "cret" not in "".join(traceback.format_exception(error))
    assert "127.0.0.1" not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s%2Fe@a:1,b:2/music",
        "postgres://[::1]:5/x",
        "postgresql:///x?host=/a@b",
        "postgresql://%2Frun/x",
    ],
)
def test_a_url_with_everything_in_its_place_is_not_malformed(url: str):
    assert malformed_part(url) is None


async def test_no_repr_shows_the_password_of_the_database(postgres_url: str, store_config: Config):
    url = postgres_url if urlsplit(postgres_url).password else other_user(postgres_url, "rookery:sesame")
    password = urlsplit(url).password
    assert password is not None
    async with open_store(attrs.evolve(store_config, database_url=url), url=url) as store:
        for written in (repr(store), repr(store.pool)):
            assert password not in written
            assert unquote(password) not in written


async def test_a_user_that_may_not_make_tables_is_told(fresh_store, fresh_database_url: str, store_config: Config):
    async def add_guest(connection: asyncpg.Connection) -> None:
        await connection.execute("CREATE ROLE guest_of_tests LOGIN PASSWORD 'guest'")
        await connection.execute("DROP TABLE migration")

    await fresh_store.pool.write(add_guest)
    try:
        error = await refused(other_user(fresh_database_url, "guest_of_tests:guest"), store_config)
        assert "may not create tables" in str(error)
    finally:
        await fresh_store.pool.write(lambda connection: connection.execute("DROP ROLE guest_of_tests"))
