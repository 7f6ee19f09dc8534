"""The description of the interface, as it is served."""

from html.parser import HTMLParser

from web.endpoints import declaration_of
from web.errors import CODES
from web.live.asyncapi import SAID
from web.live.payloads import TOLD


async def test_the_document_is_served_with_a_tag(served) -> None:
    response = await served.client.get("/openapi.json")
    again = await served.client.get("/openapi.json", headers={"If-None-Match": response.headers["etag"]})

    assert response.json()["openapi"] == "3.1.0"
    assert response.json()["info"]["version"] == "1.2.3"
    assert again.status_code == 304


async def test_every_route_is_described(served) -> None:
    undeclared = {name for name, view in served.app.view_functions.items() if declaration_of(view) is None}
    sockets = {rule.endpoint for rule in served.app.url_map.iter_rules() if rule.websocket}

    assert undeclared <= sockets


async def test_every_good_answer_is_one_that_was_described(served, shelf) -> None:
    uncounted = {"RateLimit", "RateLimit-Policy"}  # on this machine itself
    track_id = await shelf.put("described.mp3", peaks=b"\x00\x01")
    paths = (await served.client.get("/openapi.json")).json()["paths"]
    places = {"{trackId}": track_id, "{rootId}": shelf.root.id, "{nodePath}": "rookery/pipeline"}
    for path, item in paths.items():
        if "get" not in item or "head" not in item:
            continue
        address = path
        for place, value in places.items():
            address = address.replace(place, value)
        # What lies in the trash is no longer where the other addresses look; a picture takes a real recording.
        if "{" in address or path in {"/api/v1/trash/{trackId}", "/api/v1/tracks/{trackId}/artwork"}:
            continue
        address += "?q=a" if address.endswith("/search") else ""
        response = await served.client.get(address)
        described = item["get"]["responses"][str(response.status_code)]
        assert response.status_code == 200, address
        for header in described["headers"].keys() - uncounted:
            assert header in response.headers, (address, header)
        if "json" in response.headers["content-type"]:
            assert response.headers["content-type"] in described["content"]
        assert (await served.client.head(address)).status_code == 200


class Page(HTMLParser):
    """What a page is made of, as far as the test asks."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes) -> None:
        """Note what it names and loads."""
        values = dict(attributes)
        self.ids |= {values["id"]} if "id" in values else set()
        if tag in {"link", "script", "img", "iframe"}:
            self.loaded.append(values.get("href") or values.get("src") or "inline")
        if tag == "a":
            self.links.append(values["href"])


async def test_the_page_needs_no_other_server(served) -> None:
    response = await served.client.get("/docs")
    page = Page(response.text)

    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert page.loaded == ["/static/docs.css", "/static/docs.js"]
    assert "<style" not in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert set(CODES) <= page.ids
    assert "/api/v1/tracks/{trackId}/audio" in response.text
    again = await served.client.get("/docs", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_of_the_live_feed_shows_every_message(served) -> None:
    response = await served.client.get("/docs/live")
    page = Page(response.text)

    assert {f"message-{kind}" for kind in (*TOLD, *SAID)} <= page.ids
    assert {link[1:] for link in page.links if link.startswith("#")} <= page.ids
    assert page.loaded == ["/static/docs.css", "/static/docs.js"]


async def test_the_document_of_the_live_feed_is_served_with_its_tag(served) -> None:
    told = await served.client.get("/asyncapi.json")
    again = await served.client.get("/asyncapi.json", headers={"If-None-Match": told.headers["etag"]})

    assert told.json()["asyncapi"] == "3.0.0"
    assert again.status_code == 304
