"""Declared operations."""

import socket
import struct

import httpx
import msgspec
import pytest
import trio
from quart import Blueprint, Response

from actors.model.user import Role
from web.encoding import answer
from web.endpoints import Answer, declaration_of, endpoint


class Query(msgspec.Struct, rename="camel"):
    """How often."""

    how_often: int = 1


class Body(msgspec.Struct, rename="camel"):
    """What."""

    text: str


@pytest.fixture
def things(served) -> Blueprint:
    blueprint = Blueprint("things", __name__, url_prefix="/things")

    @endpoint(
        blueprint,
        "POST",
        "/<thing_id>/say",
        tag="Things",
        query=Query,
        body=Body,
        answers={200: Answer(meaning="Said.")},
    )
    async def say_thing(thing_id: str, query: Query, body: Body) -> Response:
        """Say it.

        More than
        once.
        """
        return answer([thing_id, query.how_often, body.text])

    @endpoint(blueprint, "GET", "/slow", tag="Things", answers={200: Answer(meaning="Never.")}, limit_s=0.01)
    async def wait_for_ever() -> Response:
        """Wait."""
        await trio.sleep_forever()

    @endpoint(blueprint, "GET", "/stream", tag="Things", answers={200: Answer(meaning="Flows.")}, has_head=False)
    async def flow() -> Response:
        """Flow."""
        return answer([])

    @endpoint(blueprint, "DELETE", "/all", tag="Things", role=Role.ADMIN, answers={204: Answer(meaning="Gone.")})
    async def remove_things() -> Response:
        """Remove them."""
        return Response(b"", 204)

    @endpoint(blueprint, "GET", "/door", tag="Things", is_open=True, answers={200: Answer(meaning="Open.")})
    async def knock() -> Response:
        """Knock."""
        return answer([])

    served.app._got_first_request = False  # Quart takes no routes later; these are added between two requests
    served.app.register_blueprint(blueprint)
    return blueprint


async def test_a_handler_gets_what_was_declared(served, things) -> None:
    response = await served.client.post("/things/t1/say?howOften=3", json={"text": "hello"})
    assert response.json() == ["t1", 3, "hello"]


async def test_a_declaration_tells_what_clients_must_know(served, things) -> None:
    declared = declaration_of(served.app.view_functions["things.say_thing"])

    assert declared is not None
    assert (declared.name, declared.path, declared.summary) == ("sayThing", "/things/{thingId}/say", "Say it")
    assert declared.description == "More than once."
    assert not declared.has_head
    assert declaration_of(len) is None


async def test_an_answer_that_is_not_ready_in_time_is_given_up(served, things, refused) -> None:
    refused(await served.client.get("/things/slow"), 504, "TIMEOUT")


async def test_a_stream_has_no_head(served, things, refused) -> None:
    assert (await served.client.get("/things/stream")).status_code == 200
    response = await served.client.head("/things/stream")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


def test_a_code_that_does_not_exist_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="NOPE"):
        endpoint(Blueprint("x", __name__), "GET", "/", tag="", answers={}, problems=("NOPE",))(answer)  # type: ignore[arg-type]


async def test_an_operation_needs_its_role(served, things) -> None:
    declared = {one.name: one for one in map(declaration_of, served.app.view_functions.values()) if one is not None}

    assert declared["sayThing"].role is Role.EDITOR
    assert declared["removeThings"].role is Role.ADMIN
    assert declared["waitForEver"].role is Role.LISTENER
    assert declared["knock"].role is None


SLOW = "SELECT pg_sleep(60) /* slow */"
UNTIL = """
DO $$ BEGIN
  WHILE {condition} (SELECT FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active') LOOP
    PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
  END LOOP;
END $$
"""


async def until(store, *, is_running: bool) -> None:
    """Wait until PostgreSQL works at the slow statement, or no longer does."""
    sql = UNTIL.format(condition="NOT EXISTS" if is_running else "EXISTS")
    with trio.fail_after(10):
        await store.pool.read(lambda connection: connection.execute(sql))


def with_slow_route(served, *, limit_s: float):
    """Give the app a route that asks PostgreSQL for a minute."""
    blueprint = Blueprint("slow", __name__)

    @endpoint(blueprint, "GET", "/slow", tag="Slow", limit_s=limit_s, answers={200: Answer(meaning="Late.")})
    async def ask_slowly() -> Response:
        await served.store.pool.read(lambda connection: connection.execute(SLOW))
        return Response(b"")

    served.app.register_blueprint(blueprint)


async def test_a_client_that_leaves_takes_its_statement_with_it(served) -> None:
    with_slow_route(served, limit_s=30)
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    await stream.send_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(served.store, is_running=True)

    await stream.aclose()

    await until(served.store, is_running=False)
    assert (await served.client.get("/api/v1/tracks")).status_code == 200


async def test_a_client_that_is_cut_off_takes_its_statement_with_it(served) -> None:
    with_slow_route(served, limit_s=30)
    stream = await trio.open_tcp_stream("127.0.0.1", httpx.URL(served.url).port)
    await stream.send_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(served.store, is_running=True)

    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()

    await until(served.store, is_running=False)


async def test_an_answer_that_is_too_late_takes_its_statement_with_it(served, refused) -> None:
    with_slow_route(served, limit_s=0.3)
    refused(await served.client.get("/slow"), 504, "TIMEOUT")

    await until(served.store, is_running=False)
