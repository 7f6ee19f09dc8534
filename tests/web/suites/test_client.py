"""A client that knows nothing but the OpenAPI document: what its examples say is answered as it tells."""

import re
from collections.abc import Iterator
from typing import Any

import attrs
import httpx
import trio
from jsonschema import Draft202012Validator

ANSWER_LIMIT_S = 20


@attrs.frozen(kw_only=True)
class Told:
    """One operation as the document tells it."""

    method: str
    path: str
    operation: dict[str, Any]

    def examples(self, where: str) -> dict[str, str]:
        """What must be said in one place of a request, by the examples."""
        return {
            one["name"]: str(one["example"] if "example" in one else one["schema"]["examples"][0])
            for one in self.operation["parameters"]
            if one.get("in") == where and one["required"]
        }

    def request(self, client: httpx.AsyncClient) -> httpx.Request:
        """The request that the examples make."""
        places = self.examples("path")
        path = re.sub(r"{(\w+)}", lambda place: places[place[1]], self.path)
        bodies = self.operation.get("requestBody", {}).get("content", {})
        form = dict(bodies.get("multipart/form-data", {}).get("example", {}))
        file = {"file": ("blue heron.flac", form.pop("file").encode())} if form else None
        return client.build_request(
            self.method,
            path,
            params=self.examples("query"),
            headers=self.examples("header"),
            json=bodies.get("application/json", {}).get("example"),
            data=form or None,
            files=file,
        )


def operations(document: dict[str, Any]) -> Iterator[Told]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield Told(method=method.upper(), path=path, operation=operation)


async def test_the_examples_alone_make_requests_that_are_answered_as_told(served) -> None:
    document = (await served.client.get("/openapi.json")).json()
    schemas = {"components": {"schemas": document["components"]["schemas"]}}
    good = 0
    for one in operations(document):
        shown = f"{one.method} {one.path}"
        with trio.fail_after(ANSWER_LIMIT_S):
            answer = await served.client.send(one.request(served.client), stream=True)
            told = one.operation["responses"].get(str(answer.status_code))
            assert told is not None, f"{shown}: {answer.status_code} is not told of"
            assert answer.status_code < 500, shown
            good += answer.status_code < 400
            kind = answer.headers.get("content-type", "").partition(";")[0]
            if one.method != "HEAD" and "content" in told:
                assert kind in told["content"], shown
                if "json" in kind and "ndjson" not in kind:
                    schema = {**told["content"][kind].get("schema", {}), **schemas}
                    await answer.aread()
                    Draft202012Validator(schema).validate(answer.json())
            await answer.aclose()
    assert good >= 40
