"""Links from answers to what can be done next."""

from web.openapi.document import declarations, document
from web.openapi.steps import links


async def test_what_was_made_leads_to_its_change(served) -> None:
    found = links(declarations(served.app))

    assert found.components["removeRoot.given"]["parameters"] == {
        "path.rootId": "$response.body#/id",
        "header.If-Match": "$response.header.ETag",
    }


async def test_a_list_leads_to_its_first_thing(served) -> None:
    found = links(declarations(served.app))

    assert found.components["findTrack.listed"]["parameters"] == {"path.trackId": "$response.body#/data/0/id"}


async def test_every_link_leads_to_an_operation_and_to_parameters_of_it(served) -> None:
    described = document(declarations(served.app), version="1", description="")
    operations = {
        operation["operationId"]: operation for item in described["paths"].values() for operation in item.values()
    }

    assert described["components"]["links"]
    for link in described["components"]["links"].values():
        told = {
            f"{one['in']}.{one['name']}" for one in operations[link["operationId"]]["parameters"] if "$ref" not in one
        }
        assert link["parameters"].keys() <= told
