"""Parameters and bodies in the document."""

from web.openapi.document import declarations, document
from web.openapi.inputs import body_of, parameters_of


async def test_every_operation_knows_the_headers_that_trace_it(served) -> None:
    one = declarations(served.app)[0]

    assert {"$ref": "#/components/parameters/X-Request-ID"} in parameters_of(one, {})


async def test_only_what_takes_a_body_has_one(served) -> None:
    bodiless = [one for one in declarations(served.app) if one.body is None and one.form is None]

    assert bodiless
    assert not any(body_of(one, {}) for one in bodiless)


async def test_a_header_that_must_be_there_is_required(served) -> None:
    described = document(declarations(served.app), version="1", description="")
    deletion = described["paths"]["/api/v1/tracks/{trackId}"]["delete"]["parameters"]

    assert {one["name"] for one in deletion if one.get("required")} == {"trackId", "If-Match"}
