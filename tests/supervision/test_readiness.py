"""Whether a task says itself when it is ready."""

import functools

import pytest
import trio

from supervision.readiness import says_ready


async def says(context) -> None:
    context.ready()


async def says_under_another_name(surroundings) -> None:
    surroundings.ready()


async def hands_it_over(context, serve=None) -> None:
    await serve(task_status=context.ready)


async def says_inside(context) -> None:
    async def inner() -> None:
        context.ready()

    await inner()


async def says_nothing(context) -> None:
    await context.stopping.wait()


async def asks_another(context) -> None:
    other = context.running
    other.ready()


async def second_parameter(port, context) -> None:
    context.ready()


async def hands_on(context) -> None:
    await says_under_another_name(context)


async def hands_on_by_name(context) -> None:
    await second_parameter(80, context=context)


async def hands_on_twice(context) -> None:
    await hands_on(context)


async def hands_on_in_a_nursery(context) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(second_parameter, 80, context)


async def hands_on_in_part(context) -> None:
    await functools.partial(second_parameter, 80)(context)
    await functools.partial(says, context)()


async def hands_on_inside(context) -> None:
    async def inner(surroundings) -> None:
        surroundings.ready()

    await inner(context)


async def hands_on_to_silence(context) -> None:
    await says_nothing(context)
    await hands_on_to_silence(context)


async def hands_something_else(context) -> None:
    await says(context.running)


def around(helper):
    async def task(context) -> None:
        await helper(context)

    return task


class Server:
    """Has a task for a method."""

    async def run(self, context) -> None:
        await self.serve(context)

    async def quiet(self, context) -> None:
        await self.silent(context)

    async def silent(self, context) -> None:
        await context.stopping.wait()

    async def serve(self, context) -> None:
        context.ready()

    async def __call__(self, context) -> None:
        context.ready()


def logged(function):
    @functools.wraps(function)
    async def around(*arguments) -> None:
        await function(*arguments)

    return around


class Logged:
    """Has a decorated task for a method."""

    @logged
    async def serve(self, surroundings) -> None:
        surroundings.ready()


@pytest.mark.parametrize(
    "function,expected",
    [
        (says, True),
        (says_under_another_name, True),
        (hands_it_over, True),
        (says_inside, True),
        (says_nothing, False),
        (asks_another, False),
        (functools.partial(second_parameter, 80), True),
        (Server().serve, True),
        (Server(), True),
        (functools.partial(Server().serve), True),
        (hands_on, True),
        (hands_on_by_name, True),
        (hands_on_twice, True),
        (hands_on_in_a_nursery, True),
        (hands_on_in_part, True),
        (hands_on_inside, True),
        (hands_on_to_silence, False),
        (hands_something_else, False),
        (around(says), True),
        (around(says_nothing), False),
        (Server().run, True),
        (Server().quiet, False),
        (logged(says), True),
        (logged(says_nothing), False),
        (functools.partial(logged(second_parameter), 80), True),
        (Logged().serve, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_text_of_the_function_tells(function, expected) -> None:
    assert says_ready(function) is expected


def test_task_without_source_is_read_as_far_as_its_own_code_goes() -> None:
    space = {}
    exec("async def one(context):\n    context.ready()\nasync def two(context):\n    await one(context)", space)

    assert says_ready(space["one"])
    assert not says_ready(space["two"])
