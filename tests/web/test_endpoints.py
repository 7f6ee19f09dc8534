"""Declared operations."""

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
