"""The tree as values."""

import functools
import math

import pytest

from supervision import (
    Actor,
    AutoShutdown,
    Backoff,
    Child,
    Restart,
    Shutdown,
    SpecError,
    Strategy,
    Supervisor,
)


class Idle(Actor[object]):
    """Does nothing."""

    async def receive(self, message: object) -> None: ...

    async def task(self, context) -> None: ...


class CallableTask:
    """An object that is an async function."""

    async def __call__(self, context) -> None: ...


class CallableActor(Idle):
    """An actor that can be called, too."""

    async def __call__(self) -> None: ...


async def task(context) -> None: ...


@pytest.mark.parametrize(
    "factory,expected",
    [
        (Idle, False),
        (lambda: Idle(), False),  # noqa: PLW0108 — as people write it
        (functools.partial(Idle), False),
        (task, True),
        (functools.partial(functools.partial(task), None), True),
        (CallableActor, False),
        (Idle().task, True),
        (CallableTask(), True),
    ],
    ids=["class", "lambda", "partial", "function", "partials", "callable", "method", "object"],
)
def test_async_functions_are_tasks_and_all_else_makes_actors(factory, expected) -> None:
    assert Child("c", factory).is_task is expected


def test_defaults() -> None:
    child, supervisor = Child("c", Idle), Supervisor("s")

    assert (child.restart, child.shutdown.grace_s, child.significant) == (Restart.PERMANENT, 5.0, False)
    assert supervisor.shutdown.grace_s == math.inf
    assert supervisor.auto_shutdown is AutoShutdown.NEVER
    assert supervisor.strategy is Strategy.ONE_FOR_ONE


@pytest.mark.parametrize(
    "field,make",
    [
        ("name", lambda: Child("", Idle)),
        ("name", lambda: Supervisor("a/b")),
        ("factory", lambda: Child("c", "Idle")),
        ("mailbox", lambda: Child("c", Idle, mailbox=5)),
        ("restart", lambda: Child("c", Idle, restart="permanent")),
        ("shutdown", lambda: Child("c", Idle, shutdown=5)),
        ("grace_s", lambda: Shutdown(grace_s=-1)),
        ("significant", lambda: Child("c", Idle, significant=True)),
        ("significant", lambda: Child("c", Idle, significant="yes")),
        (
            "significant",
            lambda: Supervisor("s", children=[Child("c", Idle, restart=Restart.TRANSIENT, significant=True)]),
        ),
        ("children", lambda: Supervisor("s", children=[Child("c", Idle), Supervisor("c")])),
        ("children", lambda: Supervisor("s", children=[Idle])),
        ("children", lambda: Supervisor("s", children=5)),
        ("children", lambda: Supervisor("s", children=[Child("c", Idle)], strategy=Strategy.DYNAMIC)),
        ("max_children", lambda: Supervisor("s", max_children=3)),
        ("max_children", lambda: Supervisor("s", max_children=0, strategy=Strategy.DYNAMIC)),
        ("strategy", lambda: Supervisor("s", strategy="one_for_one")),
        ("intensity", lambda: Supervisor("s", intensity=3)),
        ("backoff", lambda: Supervisor("s", backoff=3)),
        ("auto_shutdown", lambda: Supervisor("s", auto_shutdown=True)),
    ],
)
def test_refusals_name_the_field(field, make) -> None:
    with pytest.raises(SpecError) as raised:
        make()

    assert raised.value.field == field


def test_trees_are_frozen_values() -> None:
    tree = Supervisor("s", children=[Child("c", Idle)], backoff=Backoff())

    assert tree == Supervisor("s", children=(Child("c", Idle),), backoff=Backoff())
    with pytest.raises(AttributeError):
        tree.name = "other"
