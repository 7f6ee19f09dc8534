"""Whether a task says itself when it is ready."""

import functools

import pytest

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


class Server:
    """Has a task for a method."""

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
        (logged(says), True),
        (logged(says_nothing), False),
        (functools.partial(logged(second_parameter), 80), True),
        (Logged().serve, True),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_text_of_the_function_tells(function, expected) -> None:
    assert says_ready(function) is expected
