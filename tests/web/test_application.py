"""The application as a whole."""

from web.application import BLUEPRINTS, create_app


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
