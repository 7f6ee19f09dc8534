"""An answer that is asked for once in a while."""

import pytest
import trio

from web.recent import Recent


class Asked:
    """Counts how often it is asked; every answer takes a moment."""

    def __init__(self, *, fails: int = 0, takes_s: float = 0.1):
        self.count = 0
        self.fails = fails
        self.takes_s = takes_s

    async def __call__(self) -> int:
        self.count += 1
        await trio.sleep(self.takes_s)
        if self.count <= self.fails:
            raise ValueError("not now")
        return self.count


async def test_many_at_once_cost_one_question(autojump_clock):
    recent, asked, got = Recent(kept_s=1.0), Asked(), []

    async def want():
        got.append(await recent.of(asked))

    async with trio.open_nursery() as nursery:
        for _ in range(1_000):
            nursery.start_soon(want)
    assert got == [1] * 1_000
    assert asked.count == 1


async def test_an_answer_that_takes_longer_than_it_is_kept_is_for_all_who_waited(autojump_clock):
    recent, asked, got = Recent(kept_s=1.0), Asked(takes_s=2.0), []

    async def want(after_s):
        await trio.sleep(after_s)
        got.append((await recent.of(asked), trio.current_time()))

    async with trio.open_nursery() as nursery:
        began_s = trio.current_time()
        for number in range(100):
            nursery.start_soon(want, number / 100)

    assert {answer for answer, _ in got} == {1}
    assert {round(at_s - began_s, 6) for _, at_s in got} == {2.0}
    assert await recent.of(asked) == 2


async def test_it_is_asked_again_when_it_is_old(autojump_clock):
    recent, asked = Recent(kept_s=1.0), Asked()
    assert await recent.of(asked) == 1
    await trio.sleep(0.89)
    assert await recent.of(asked) == 1
    await trio.sleep(0.02)
    assert await recent.of(asked) == 2


async def test_what_went_wrong_is_kept_for_nobody(autojump_clock):
    recent, asked = Recent(kept_s=1.0), Asked(fails=1)
    with pytest.raises(ValueError, match="not now"):
        await recent.of(asked)
    assert await recent.of(asked) == 2


async def test_when_who_asks_leaves_the_next_one_asks(autojump_clock):
    recent, asked = Recent(kept_s=1.0), Asked()
    async with trio.open_nursery() as nursery:

        async def impatient():
            with trio.move_on_after(0.05):
                await recent.of(asked)

        nursery.start_soon(impatient)
        await trio.testing.wait_all_tasks_blocked()
        assert await recent.of(asked) == 2
