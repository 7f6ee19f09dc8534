"""Errors as problems."""

from collections.abc import Iterator

import msgspec
import pytest
import trio
from werkzeug.exceptions import BadRequest, Gone, MethodNotAllowed, NotFound, RequestEntityTooLarge

from actors.errors import DatabaseAwayError, InvalidError
from supervision import ActorStoppedError, AlreadyRunningError, AskTimeoutError, DeadlockError, NotFoundError
from web.errors import (
    CODES,
    PROBLEM_JSON,
    FieldError,
    Problem,
    ProblemError,
    Refusal,
    answered,
    invalid,
    refusal_of,
    refused_by_server,
)
from web.exchange import Exchange, serving


@pytest.fixture(autouse=True)
def current() -> Iterator[Exchange]:
    with serving(Exchange(request_id="r1", method="GET", path="/x")) as exchange:
        yield exchange


@pytest.mark.parametrize(
    "error, code",
    [
        (ProblemError("CONFLICT", "no"), "CONFLICT"),
        (invalid(FieldError(field="a", message="no")), "VALIDATION_ERROR"),
        (InvalidError("sort", "no"), "VALIDATION_ERROR"),
        (InvalidError("cursor", "no"), "INVALID_CURSOR"),
        (NotFound(), "NOT_FOUND"),
        (BadRequest(), "BAD_REQUEST"),
        (Gone(), "BAD_REQUEST"),
        (RequestEntityTooLarge(), "PAYLOAD_TOO_LARGE"),
        (MethodNotAllowed(valid_methods=["GET"]), "METHOD_NOT_ALLOWED"),
        (NotFoundError("a/b"), "NOT_FOUND"),
        (AlreadyRunningError("a/b", "is running"), "CONFLICT"),
        (DeadlockError("a/b", ("a/b",)), "CONFLICT"),
        (AskTimeoutError("a/b", 1.0), "TIMEOUT"),
        (ActorStoppedError("a/b"), "UNAVAILABLE"),
        (trio.TooSlowError(), "TIMEOUT"),
        (DatabaseAwayError("away"), "UNAVAILABLE"),
        (ValueError("secret"), "INTERNAL"),
        (ExceptionGroup("", [ValueError("secret")]), "INTERNAL"),
        (ExceptionGroup("", [DatabaseAwayError("away"), trio.TooSlowError()]), "UNAVAILABLE"),
        (ExceptionGroup("", [DatabaseAwayError("away"), ExceptionGroup("", [ValueError("secret")])]), "INTERNAL"),
    ],
)
def test_every_error_has_its_code(error: Exception, code: str) -> None:
    assert refusal_of(error).code == code


def test_a_wrong_method_says_which_are_right() -> None:
    assert refusal_of(MethodNotAllowed(valid_methods=["POST", "GET"])).headers == {"Allow": "GET, POST"}


async def test_a_problem_says_what_and_where() -> None:
    wrong = FieldError(field="page", message="no", value="x" * 1000)
    response = await answered(ProblemError("VALIDATION_ERROR", "No", errors=[wrong], headers={"Retry-After": "1"}))
    told = msgspec.json.decode(await response.get_data(), type=Problem)

    assert (response.status_code, response.content_type, response.headers["Retry-After"]) == (422, PROBLEM_JSON, "1")
    assert (told.status, told.code, told.message, told.path, told.request_id) == (
        422,
        "VALIDATION_ERROR",
        "No",
        "/x",
        "r1",
    )
    assert told.type == "/docs#VALIDATION_ERROR"
    assert isinstance(told.errors, tuple)
    assert len(told.errors[0].value) < 300


async def test_what_is_our_fault_tells_nothing_of_it() -> None:
    response = await answered(ValueError("secret"))
    body = await response.get_data()

    assert response.status_code == 500
    assert b"secret" not in body
    assert b"Traceback" not in body


def test_large_values_are_not_sent_back() -> None:
    body = Refusal(
        code="VALIDATION_ERROR", message="", errors=(FieldError(field="a", message="", value=[1] * 9),)
    ).body()
    assert msgspec.json.decode(body)["errors"][0]["value"] == "[…]"


def test_codes_are_errors_all() -> None:
    assert all(400 <= status < 600 for status, _ in CODES.values())
    with pytest.raises(ValueError, match="NOPE"):
        Refusal(code="NOPE", message="")


async def test_a_method_that_the_server_itself_refuses_comes_with_those_that_there_are() -> None:
    status, headers, _ = refused_by_server(405)

    assert status == 405
    assert b"GET" in dict(headers)[b"allow"]
