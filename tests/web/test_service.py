"""What is wrong is said before anything starts, and what was taken is given back."""

import socket

import attrs
import httpx
import pytest
import structlog
import trio

from actors.errors import ConfigurationError, DataFolderBusyError
from web.service import prepared


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


def test_with_a_database_of_ones_own_no_data_folder_is_taken(store_config):
    config = attrs.evolve(store_config, database_url="postgresql:///music")

    with prepared(config, has_port=False) as service:
        assert service.server is None
        assert service.house.url == "postgresql:///music"
        assert not config.data_dir.exists()


@pytest.mark.parametrize("host, is_exposed", [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)])
async def test_it_announces_where_it_answers_once_and_warns_where_strangers_reach_it(
    store_config, fresh_database_url, host, is_exposed
):
    config = attrs.evolve(store_config, host=host, port=0, database_url=fresh_database_url)
    announced: list[str] = []
    answering = trio.Event()

    def announce(address: str) -> None:
        announced.append(address)
        answering.set()

    with structlog.testing.capture_logs() as logs, prepared(config, has_port=True) as service, trio.fail_after(60):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: service.run(announce=announce))
            await answering.wait()
            async with httpx.AsyncClient(base_url=announced[0]) as client:
                assert (await client.get("/livez")).status_code == 200
            nursery.cancel_scope.cancel()
    warnings = [entry["event"] for entry in logs if "no accounts" in entry["event"]]

    assert len(announced) == 1
    assert len(warnings) == is_exposed
    assert all("--host 127.0.0.1" in warning for warning in warnings)
