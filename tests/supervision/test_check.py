"""Validators of specifications."""

import attrs
import pytest

from supervision import check
from supervision.errors import SpecError


@pytest.mark.parametrize(
    "validator,good,bad",
    [
        (check.at_least(2), [2, 3], [1, 2.0, True, "2"]),
        (check.finite_above(0), [0.1, 5], [0, float("inf"), float("nan"), None]),
        (check.finite_from(0), [0, 5.5], [-0.1, float("inf"), False]),
        (check.number_from(0), [0, float("inf")], [-1, float("nan")]),
        (check.is_a(str), ["x"], [None, 1]),
        (check.is_a(str, optional=True), ["x", None], [1]),
        (check.name, ["a", "a b"], ["", "a/b", None, 5]),
    ],
    ids=["at_least", "finite_above", "finite_from", "number_from", "is_a", "optional", "name"],
)
def test_validators_take_and_refuse(validator, good, bad) -> None:
    made = attrs.make_class("Made", {"value": attrs.field(validator=validator)})

    for value in good:
        assert made(value).value == value
    for value in bad:
        with pytest.raises(SpecError) as raised:
            made(value)
        assert raised.value.field == "value"
