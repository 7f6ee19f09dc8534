"""The page and its files."""

import re
from pathlib import Path

import pytest

import web

STATIC = Path(web.__file__).parent / "static"


async def test_the_page_needs_nothing_from_elsewhere_and_nothing_inline(served):
    response = await served.client.get("/")

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert not re.findall(r"(?:src|href)=\"(?!/|#)", response.text)
    assert not re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", response.text)


async def test_everything_that_the_page_loads_is_there(served):
    page = (await served.client.get("/")).text
    wanted = set(re.findall(r"/static/[\w.-]+", page))
    while wanted:
        address = wanted.pop()
        response = await served.client.get(address)
        assert response.status_code == 200, address
        wanted |= {f"/static/{name}" for name in re.findall(r'from "\./([\w.-]+)"', response.text)}


@pytest.mark.parametrize("path", sorted(path.name for path in STATIC.iterdir()))
async def test_files_have_their_type_and_are_asked_about_by_tag(served, path):
    response = await served.client.get(f"/static/{path}")

    assert response.status_code == 200
    assert response.content == (STATIC / path).read_bytes()
    assert response.headers["content-type"].split(";")[0] in {"text/css", "text/javascript", "image/svg+xml"}
    assert response.headers["cache-control"] == "no-cache"
    again = await served.client.get(f"/static/{path}", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/static/nothing.js", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/"])
async def test_nothing_else_is_served(served, refused, path):
    refused(await served.client.get(path), 404, "NOT_FOUND")


async def test_a_page_that_is_asked_about_again_keeps_its_policy(served):
    """Browsers take the headers of 304 over those that they keep."""
    first = await served.client.get("/")
    again = await served.client.get("/", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert again.headers.get("content-security-policy") in {None, first.headers["content-security-policy"]}
