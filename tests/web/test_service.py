"""What is wrong is said before anything starts, and what was taken is given back."""

import json
import shutil
import socket
import ssl
from collections import defaultdict
from contextlib import asynccontextmanager

import attrs
import httpx
import pytest
import structlog
import trio
from trio_websocket import ConnectionClosed, wrap_client_stream

from actors.config import Config
from actors.errors import ConfigurationError, DataFolderBusyError
from actors.journal import Journal
from actors.model.user import Role
from tests.web.certificates import made
from tests.web.serving.second import connected
from web.live.messages import LIMIT_BYTES
from web.logs import configure_logs
from web.service import foreseen, prepared


def test_a_port_in_use_is_named(store_config):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = attrs.evolve(store_config, port=taken.getsockname()[1])

        with pytest.raises(ConfigurationError, match=str(config.port)), prepared(config, has_port=True):
            pass


def test_a_host_that_is_none_is_named(store_config):
    config = attrs.evolve(store_config, host="no such host.invalid", port=0)

    with pytest.raises(ConfigurationError, match="no such host"), prepared(config, has_port=True):
        pass


def test_two_services_never_share_a_data_folder(store_config):
    config = attrs.evolve(store_config, port=0)
    with prepared(config, has_port=False), pytest.raises(DataFolderBusyError), prepared(config, has_port=False):
        pass

    with prepared(config, has_port=False) as service:
        assert service.server is not None


def test_a_data_folder_is_no_folder_of_recordings_too_and_stays_unmade(store_config, tmp_path):
    (tmp_path / "link").symlink_to(store_config.data_dir)
    for root in (store_config.data_dir, tmp_path / "link"):
        config = attrs.evolve(store_config, roots=(root,))
        with pytest.raises(ConfigurationError, match="is the data folder"), prepared(config, has_port=False):
            pass
    assert not store_config.data_dir.exists()


def test_with_a_database_of_ones_own_no_data_folder_is_taken(store_config):
    config = attrs.evolve(store_config, database_url="postgresql:///music")

    with prepared(config, has_port=False) as service:
        assert service.server is None
        assert service.house.url == "postgresql:///music"
        assert not config.data_dir.exists()


@pytest.fixture
def answering(store_config, fresh_database_url):
    """Run a service until it has announced itself; gives its address."""

    @asynccontextmanager
    async def run(**settings):
        config = attrs.evolve(store_config, port=0, database_url=fresh_database_url, **settings)
        announced: list[str] = []
        answers = trio.Event()

        def announce(address: str) -> None:
            announced.append(address)
            answers.set()

        with prepared(config, has_port=True) as service, trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lambda: service.run(announce=announce))
                await answers.wait()
                yield announced[0]
                nursery.cancel_scope.cancel()
        assert len(announced) == 1

    return run


async def test_with_a_certificate_it_speaks_https_and_says_so(answering, tmp_path):
    pair = made(tmp_path)
    trusted = ssl.create_default_context(cafile=str(pair.certificate))
    async with (
        answering(certificate=pair.certificate, certificate_key=pair.key) as address,
        httpx.AsyncClient(base_url=address, verify=trusted) as client,
    ):
        assert address.startswith("https://127.0.0.1:")
        assert (await client.get("/livez")).status_code == 200


@pytest.mark.parametrize("server", ["lane", "hypercorn"])
async def test_what_the_server_has_to_say_is_one_line_among_the_others(answering, monkeypatch, capsys, server):
    def broken(services):
        async def app(scope, receive, send):
            if scope["type"] != "lifespan":
                raise RuntimeError("a slip")
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})

        return app

    monkeypatch.setattr("web.service.create_app", broken)
    journal = Journal()
    configure_logs(Config(log_format="json"), journal)
    async with answering(server=server) as address, httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/")).status_code == 500
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [entry.line for entry in journal.kept() if entry.line.logger == "hypercorn.error"]

    assert [line["event"] for line in lines if line["logger"] == "hypercorn.error"] == ["Error in ASGI Framework"]
    assert [line.message for line in told] == ["Error in ASGI Framework"]
    assert "a slip" in told[0].traceback


@pytest.fixture
def told():
    """Events by the words of the log: each is set when it is logged."""
    waited = defaultdict(trio.Event)

    def tell(_, __, event):
        waited[event["event"]].set()
        return event

    processors = structlog.get_config()["processors"]
    processors.insert(0, tell)
    yield waited
    processors.remove(tell)


async def test_a_renewed_certificate_is_shown_while_it_runs_and_half_a_renewal_is_told(
    answering, tmp_path, monkeypatch, told
):
    monkeypatch.setattr("web.service.RENEWAL_S", 0.01)
    pair, other = made(tmp_path), made(tmp_path, "other")
    trusted = ssl.create_default_context(cafile=str(other.certificate))
    async with answering(certificate=pair.certificate, certificate_key=pair.key) as address:
        shutil.copy(other.certificate, pair.certificate)
        await told["The former certificate is shown still"].wait()
        shutil.copy(other.key, pair.key)
        await told["A renewed certificate is shown"].wait()
        async with httpx.AsyncClient(base_url=address, verify=trusted) as client:
            assert (await client.get("/livez")).status_code == 200


async def test_a_body_over_http_2_needs_no_length(answering):
    async with answering() as address:
        client = await connected(address)
        async with client.stream:
            number = await client.ask(
                "/api/v1/tracks/batch-get",
                ("content-type", "application/json"),
                method="POST",
                is_whole=False,
                authority=address.partition("//")[2],
            )
            client.connection.send_data(number, b'{"trackIds": ["nobody"]}', end_stream=True)
            await client.flush()
            status, body = await client.answer(number)

    assert (status, b"nobody" in body) == (200, True)


def test_a_certificate_that_cannot_be_shown_is_told_before_the_port_is_taken(store_config, tmp_path):
    config = attrs.evolve(store_config, certificate=tmp_path / "none.pem", certificate_key=tmp_path / "none.key")

    with pytest.raises(ConfigurationError, match=r"none\.pem"), prepared(config, has_port=True):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_on_loopback_it_needs_no_account_and_announces_where_it_answers(answering, host):
    async with answering(host=host) as address, httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/livez")).status_code == 200
        assert (await client.get("/api/v1/tracks")).status_code == 200


async def test_a_live_message_that_is_much_too_long_is_not_gathered(answering):
    async with answering() as address:
        host, port = address.removeprefix("http://").split(":")
        async with await trio.open_tcp_stream(host, int(port)) as stream, trio.open_nursery() as nursery:
            socket = await wrap_client_stream(nursery, stream, f"{host}:{port}", "/ws")
            await socket.send_message("x" * 3 * LIMIT_BYTES)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.get_message()
            nursery.cancel_scope.cancel()

    assert closed.value.reason.code == 1009


async def test_where_strangers_reach_it_somebody_must_have_an_account(answering):
    with pytest.raises(ExceptionGroup) as refused:
        async with answering(host="0.0.0.0"):
            pytest.fail("it answers")
    told = str(foreseen(refused.value))

    assert "rookery users add NAME --admin" in told
    assert "0.0.0.0" in told


@pytest.mark.parametrize("how", ["account", "admin_key", "no_auth"])
async def test_with_an_account_or_a_key_or_told_to_it_answers_strangers(answering, fresh_store, how):
    settings = {"admin_key": {"admin_key": "k" * 32}, "no_auth": {"no_auth": True}}.get(how, {})
    if how == "account":
        await fresh_store.users.add(name="ada", role=Role.ADMIN, password_hash="h")
    with structlog.testing.capture_logs() as logs:
        async with answering(host="0.0.0.0", **settings) as address:
            local = address.replace("0.0.0.0", "127.0.0.1")
            tracks = await trio.to_thread.run_sync(httpx.get, f"{local}/api/v1/tracks")

    assert tracks.status_code == (200 if how == "no_auth" else 401)
    assert any("Nobody is asked" in entry["event"] for entry in logs) == (how == "no_auth")
