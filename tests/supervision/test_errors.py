"""The error tree."""

import inspect

import supervision.errors
from supervision import DeadlockError, EscalatedError, SpecError, SupervisionError


def test_every_error_has_one_root() -> None:
    classes = [value for value in vars(supervision.errors).values() if inspect.isclass(value)]

    assert all(issubclass(each, SupervisionError) for each in classes if each.__module__ == "supervision.errors")


def test_the_drawn_tree_is_the_real_one() -> None:
    drawing = supervision.errors.__doc__
    for name, value in vars(supervision.errors).items():
        if inspect.isclass(value) and value.__module__ == "supervision.errors":
            assert name in drawing


def test_texts_name_what_is_at_fault() -> None:
    assert str(DeadlockError("r/b", ["r/a", "r/b"])) == "r/b waits for the sender: r/a → r/b → r/a"
    assert str(SpecError("capacity", "must be at least 1")) == "capacity: must be at least 1"
    assert EscalatedError("r", "gave up").path == "r"
