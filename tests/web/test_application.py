"""The application as a whole."""

import re

from web.application import BLUEPRINTS, WORDS, create_app


async def test_every_blueprint_is_served(served) -> None:
    assert set(served.app.blueprints) == {blueprint.name for blueprint in BLUEPRINTS}


async def test_apps_do_not_share_what_they_count(served) -> None:
    other = create_app(served.services)
    await served.client.get("/openapi.json")

    assert "openapi" in served.app.extensions
    assert "openapi" not in other.extensions


async def test_no_answer_leads_elsewhere(served) -> None:
    rules = [rule for rule in served.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]

    assert rules
    for rule in rules:
        async with served.client.stream("GET", rule.rule) as response:
            assert response.status_code in {200, 400, 422}, rule.rule


async def test_a_path_has_only_its_own_methods(served) -> None:
    expected = {
        ("DELETE", "/api/v1/tracks/search"): "POST",
        ("DELETE", "/api/v1/users/me"): "GET, HEAD, PATCH",
        # A stream has no length that HEAD could tell.
        ("DELETE", "/api/v1/events"): "GET",
        ("HEAD", "/api/v1/events.ndjson"): "GET",
    }
    for (method, path), methods in expected.items():
        refused = await served.client.request(method, path)

        assert (refused.status_code, refused.headers["allow"]) == (405, methods)


async def test_every_word_beside_a_place_is_kept_free(served) -> None:
    paths = {rule.rule for rule in served.app.url_map.iter_rules()}
    beside = {
        (before, word)
        for before, place in (path.rsplit("/", 1) for path in paths)
        if re.fullmatch(r"<\w+>", place)
        for other, word in (path.rsplit("/", 1) for path in paths)
        if other == before and "<" not in word
    }

    assert beside
    assert {word for _, word in beside} <= set(WORDS)
