"""Seeded schedules."""

import pytest
import trio
import trio._core._run as trio_run

from supervision.testing import replay, scheduled


async def race() -> list:
    order = []

    async def run_to_the_end(name: int) -> None:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            order.append(name)

    async with trio.open_nursery() as nursery:
        for name in range(5):
            nursery.start_soon(run_to_the_end, name)
    return order


def test_same_seed_gives_the_same_order_and_others_give_others() -> None:
    orders = [tuple(replay(race, seed=seed)) for seed in range(20)]

    assert orders == [tuple(replay(race, seed=seed)) for seed in range(20)]
    assert len(set(orders)) > 10


def test_trios_own_scheduling_is_put_back() -> None:
    before = trio_run._ALLOW_DETERMINISTIC_SCHEDULING, trio_run._r.getstate()
    with scheduled(1):
        assert trio_run._ALLOW_DETERMINISTIC_SCHEDULING

    assert (trio_run._ALLOW_DETERMINISTIC_SCHEDULING, trio_run._r.getstate()) == before


@pytest.mark.parametrize(
    "name,value",
    [("_ALLOW_DETERMINISTIC_SCHEDULING", None), ("_r", None), ("_r", object())],
    ids=["switch", "random", "kind"],
)
def test_other_trio_is_refused_with_what_is_missing(name, value, monkeypatch) -> None:
    if value is None:
        monkeypatch.delattr(trio_run, name)
    else:
        monkeypatch.setattr(trio_run, name, value)
    with pytest.raises(RuntimeError, match=trio.__version__), scheduled(1):
        pass


def test_trios_own_scheduling_is_put_back_after_an_error() -> None:
    before = trio_run._ALLOW_DETERMINISTIC_SCHEDULING, trio_run._r.getstate()
    with pytest.raises(KeyError), scheduled(1):
        raise KeyError

    assert (trio_run._ALLOW_DETERMINISTIC_SCHEDULING, trio_run._r.getstate()) == before
