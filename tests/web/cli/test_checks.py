"""What the doctor finds, on real parts."""

import socket
import sys
from pathlib import Path

import attrs
import trio

from web.cli import checks
from web.cli.checks import findings
from web.cli.finding import Verdict


async def found(check, config) -> dict:
    return {finding.about: finding async for finding in check(config)}


async def test_a_database_that_is_there_is_described(store, store_config, database_url, tmp_path) -> None:
    await store.roots.add(bytes(tmp_path))
    config = attrs.evolve(store_config, database_url=database_url)

    told = await found(checks.database, config)

    assert "your own" in told["database"].text
    assert told["catalogue"].verdict is Verdict.FINE
    assert str(tmp_path) in told["folder"].text
    assert database_url not in repr(told)


async def test_a_catalogue_of_a_newer_program_is_wrong(store_config, fresh_database_url) -> None:
    config = attrs.evolve(store_config, database_url=fresh_database_url)
    async with (
        checks.open_bridge() as bridge,
        checks.open_pool(bridge, fresh_database_url, connections=1, limit_s=9) as pool,
    ):
        await pool.write(lambda connection: connection.execute("INSERT INTO migration VALUES (9999, 'later')"))

        told = await found(checks.database, config)
        await pool.write(lambda connection: connection.execute("DELETE FROM migration WHERE number = 9999"))

    assert told["catalogue"].verdict is Verdict.WRONG
    assert "newer" in told["catalogue"].advice


async def test_nothing_is_made_where_nothing_is(store_config, tmp_path) -> None:
    told = await found(checks.database, attrs.evolve(store_config, roots=(tmp_path / "gone",)))

    assert "first start" in told["database"].text
    assert told["folder"].verdict is Verdict.WRONG
    assert not store_config.data_dir.exists()


async def test_a_database_that_does_not_answer_is_a_finding(store_config, monkeypatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (checks.database,))
    config = attrs.evolve(store_config, database_url="postgresql://ada:hush@127.0.0.1:1/music")

    told = [finding async for finding in findings(config)]

    assert [finding.verdict for finding in told] == [Verdict.WRONG]
    assert "hush" not in repr(told)


async def test_a_check_that_takes_too_long_is_a_finding(store_config, monkeypatch, autojump_clock) -> None:
    async def slow_part(config):
        await trio.sleep_forever()
        yield

    monkeypatch.setattr(checks, "CHECKS", (slow_part,))

    told = [finding async for finding in findings(store_config)]

    assert [(finding.about, finding.verdict) for finding in told] == [("slow part", Verdict.WRONG)]


async def test_a_free_port_is_told_from_one_that_somebody_else_has(store_config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config = attrs.evolve(store_config, port=other.getsockname()[1])
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, answer_nonsense, other)
            taken = await found(checks.port, config)
    free = await found(checks.port, config)

    assert taken["service"].verdict is Verdict.WRONG
    assert free["service"].verdict is Verdict.FINE


def answer_nonsense(listener: socket.socket) -> None:
    client, _ = listener.accept()
    with client:
        client.recv(1000)
        client.sendall(b"220 mail.example ESMTP\r\n")


async def test_settings_are_told_as_the_environment_would_hold_them(store_config) -> None:
    config = attrs.evolve(store_config, roots=(Path("/music"), Path("/talks")))

    told = await found(checks.settings, config)

    assert "roots=/music:/talks" in told["settings"].text
    assert f"data_dir={store_config.data_dir}" in told["settings"].text


async def test_passwords_among_the_settings_are_not_shown(store_config) -> None:
    config = attrs.evolve(store_config, database_url="postgresql://ada:hush@db.example/music", port=8123)

    told = await found(checks.settings, config)

    assert "port=8123" in told["settings"].text
    assert "database_url is set" in told["settings"].text
    assert "hush" not in told["settings"].text


async def test_a_worker_shows_that_it_can(store_config) -> None:
    told = await found(checks.workers, store_config)

    assert told["analysis"].verdict is Verdict.FINE
    assert "measured 5" in told["analysis"].text


async def test_the_machine_and_the_versions_are_told(store_config) -> None:
    versions = await found(checks.versions, store_config)
    machine = await found(checks.machine, store_config)

    assert f"Python {sys.version_info.major}." in versions["versions"].text
    assert "libavcodec" in versions["FFmpeg"].text
    assert "workers" in machine["processors"].text


async def test_a_full_or_closed_data_folder_is_told(store_config) -> None:
    told = await found(checks.data_folder, store_config)

    assert "GiB free" in told["data folder"].text
