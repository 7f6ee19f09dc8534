"""OTP's cases of specifications: what their fields are by default, what is refused, and that nothing has changed then."""

import itertools
import math
from contextlib import nullcontext

import pytest

from supervision import (
    AlreadyRunningError,
    AutoShutdown,
    Child,
    Intensity,
    NotFoundError,
    Restart,
    Shutdown,
    SpecError,
    Strategy,
    Supervisor,
    run,
)
from tests.supervision.suites.otp.worker import Worker, children, tree, worker

CASES = {
    "sup_start_map": ("test_fields_have_the_defaults_of_otp", "test_child_that_is_not_there_is_not_found"),
    "sup_start_map_faulty_specs": ("test_name_and_factory_are_needed_and_nothing_unknown_is_taken", "test_what_is_no_child_is_refused"),
    "child_specs": (
        "test_faulty_field_is_refused_by_name",
        "test_two_children_of_one_name_are_refused",
        "test_dynamic_supervisor_declares_no_children",
    ),
    "child_specs_map": (
        "test_every_combination_is_taken_but_significant_children_that_could_end_nothing",
        "test_faulty_child_is_not_added",
    ),
    "sup_flags": "test_faulty_field_of_a_supervisor_is_refused_by_name",
}  # fmt: skip


def test_fields_have_the_defaults_of_otp() -> None:
    child, supervisor = worker("a"), tree()

    assert (child.restart, child.shutdown.grace_s, child.significant) == (Restart.PERMANENT, 5.0, False)
    assert (supervisor.restart, supervisor.shutdown.grace_s) == (Restart.PERMANENT, math.inf)
    assert (supervisor.strategy, supervisor.auto_shutdown) == (Strategy.ONE_FOR_ONE, AutoShutdown.NEVER)


async def test_child_that_is_not_there_is_not_found(autojump_clock) -> None:
    async with run(tree(worker("a"))) as running:
        assert running.ref("r/a").path == "r/a"
        with pytest.raises(NotFoundError):
            running.ref("r/b")


def test_name_and_factory_are_needed_and_nothing_unknown_is_taken() -> None:
    for arguments in ({"factory": Worker}, {"name": "a"}, {"name": "a", "factory": Worker, "silly": True}):
        with pytest.raises(TypeError):
            Child(**arguments)


@pytest.mark.parametrize("child", ["a", Worker, None, ("a", Worker)], ids=["name", "class", "nothing", "pair"])
def test_what_is_no_child_is_refused(child) -> None:
    with pytest.raises(SpecError) as raised:
        tree(child)

    assert raised.value.field == "children"


@pytest.mark.parametrize(
    "field,value",
    [
        ("name", ""),
        ("name", "a/b"),
        ("name", 7),
        ("factory", "mfa"),
        ("restart", "prmanent"),
        ("shutdown", 1000),
        ("mailbox", 1000),
        ("significant", "maybe"),
    ],
    ids=str,
)
def test_faulty_field_is_refused_by_name(field, value) -> None:
    with pytest.raises(SpecError) as raised:
        Child(**{"name": "a", "factory": Worker, field: value})

    assert raised.value.field == field


def test_two_children_of_one_name_are_refused() -> None:
    with pytest.raises(SpecError) as raised:
        tree(worker("a"), Supervisor("a"))

    assert raised.value.field == "children"


def test_dynamic_supervisor_declares_no_children() -> None:
    with pytest.raises(SpecError) as raised:
        tree(worker("a"), strategy=Strategy.DYNAMIC)

    assert raised.value.field == "children"


def test_every_combination_is_taken_but_significant_children_that_could_end_nothing() -> None:
    for rule, restart, grace_s, significant, above in itertools.product(
        AutoShutdown, Restart, (0, 1, math.inf), (True, False), (True, False)
    ):
        options = {"restart": restart, "shutdown": Shutdown(grace_s=grace_s), "significant": significant}
        senseless = significant and (rule is AutoShutdown.NEVER or restart is Restart.PERMANENT)
        refused = pytest.raises(SpecError, match="significant: ") if senseless else nullcontext()
        with refused:
            tree(Supervisor("a", **options) if above else worker("a", **options), auto_shutdown=rule)


async def test_faulty_child_is_not_added(autojump_clock) -> None:
    significant = worker("b", restart=Restart.TRANSIENT, significant=True)
    async with run(tree(worker("a"))) as running:
        for child, field in ((Worker, "children"), ("b", "children"), (significant, "significant")):
            with pytest.raises(SpecError) as raised:
                await running.start_child("r", child)
            assert raised.value.field == field
        with pytest.raises(AlreadyRunningError):
            await running.start_child("r", worker("a"))
        assert children(running) == {"a": ("running", 1)}


@pytest.mark.parametrize(
    "field,make",
    [
        ("strategy", lambda: tree(strategy="none_for_one")),
        ("intensity", lambda: tree(intensity=3)),
        ("restarts", lambda: tree(intensity=Intensity(restarts=math.inf))),
        ("restarts", lambda: tree(intensity=Intensity(restarts=-1))),
        ("within_s", lambda: tree(intensity=Intensity(within_s=0))),
        ("within_s", lambda: tree(intensity=Intensity(within_s=math.inf))),
        ("grace_s", lambda: tree(shutdown=Shutdown(grace_s=-10))),
        ("auto_shutdown", lambda: tree(auto_shutdown="sometimes")),
        ("max_children", lambda: tree(strategy=Strategy.DYNAMIC, max_children=0)),
        ("children", lambda: Supervisor("r", children=7)),
    ],
)
def test_faulty_field_of_a_supervisor_is_refused_by_name(field, make) -> None:
    with pytest.raises(SpecError) as raised:
        make()

    assert raised.value.field == field
