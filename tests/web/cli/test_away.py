"""Why a service is away, in words of people, by real sockets."""

import socket
import ssl
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
import trio

from tests.web.certificates import made
from web.cli.address import trusted
from web.cli.away import reason
from web.cli.following import Following


async def answer(stream):
    """Something of HTTP, whoever asks for what."""
    with trio.move_on_after(10):
        try:
            await stream.receive_some()
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await stream.aclose()
        except trio.BrokenResourceError:
            await trio.aclose_forcefully(stream)


@asynccontextmanager
async def listening(pair=None):
    """A server, of https with a certificate; its port."""
    async with trio.open_nursery() as nursery:
        if pair is None:
            serve = partial(trio.serve_tcp, answer, 0, host="127.0.0.1")
        else:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(pair.certificate, pair.key)
            serve = partial(trio.serve_ssl_over_tcp, answer, 0, context, host="127.0.0.1", https_compatible=True)
        listeners = await nursery.start(serve)
        listener = listeners[0] if pair is None else listeners[0].transport_listener
        yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def asked(url):
    """What a command would be told there, or why not."""
    try:
        async with httpx.AsyncClient(verify=trusted(url), timeout=10) as client:
            return (await client.get(url)).text
    except httpx.HTTPError as error:
        return reason(error)


async def noted(url):
    """The first that a follower of the feed says of it."""
    notes = []
    async with trio.open_nursery() as nursery:

        def say(text):
            notes.append(text)
            nursery.cancel_scope.cancel()

        following = Following(url=url, topics=None, since=None, take=lambda *_: None, say=say)
        nursery.start_soon(following.run)
    return notes[0]


@pytest.mark.parametrize("ask", [asked, noted])
async def test_a_certificate_that_nobody_vouches_for_is_named_with_what_to_do(tmp_path, ask):
    async with listening(made(tmp_path)) as port:
        said = await ask(f"https://localhost:{port}")

    assert "its certificate is not trusted: self-signed certificate" in said
    assert "SSL_CERT_FILE" in said


async def test_a_certificate_of_ones_own_is_trusted_by_its_file(tmp_path, monkeypatch):
    pair = made(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
    async with listening(pair) as port:
        assert await asked(f"https://localhost:{port}") == "{}"


async def test_a_file_of_trust_that_is_not_there_is_no_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))
    async with listening(made(tmp_path)) as port:
        assert "not trusted" in await asked(f"https://localhost:{port}")


@pytest.mark.parametrize("ask", [asked, noted])
async def test_https_to_a_port_that_speaks_none_is_told_so(ask):
    async with listening() as port:
        assert "no https there: " in await ask(f"https://127.0.0.1:{port}")


@pytest.mark.parametrize("ask", [asked, noted])
async def test_a_port_where_nobody_listens_refuses(ask):
    async with listening() as port:
        pass
    assert "Connection refused" in await ask(f"http://127.0.0.1:{port}")


async def test_a_name_that_nobody_knows_is_told_as_the_system_does():
    with pytest.raises(socket.gaierror) as caught:
        await trio.open_tcp_stream("nobody.invalid", 80)

    assert reason(caught.value) == caught.value.strerror


def test_an_error_that_says_nothing_is_told_by_its_kind():
    assert reason(trio.BrokenResourceError()) == "BrokenResourceError"
