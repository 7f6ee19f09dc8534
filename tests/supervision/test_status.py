"""The values of a status."""

from supervision import Supervisor, run
from supervision.testing import Probe


async def test_walk_visits_parents_first_in_start_order(autojump_clock) -> None:
    tree = Supervisor(
        "r", children=[Probe().child("a"), Supervisor("s", children=[Probe().child("b")]), Probe().child("c")]
    )
    async with run(tree) as running:
        status = running.status()

    assert [node.path for node in status.walk()] == ["r", "r/a", "r/s", "r/s/b", "r/c"]
    assert status.find("r/s/b").path == "r/s/b"
    assert status.find("r/x") is None
