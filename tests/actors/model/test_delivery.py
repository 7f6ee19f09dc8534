"""Forms in which recordings are delivered."""

import pytest

from actors.model.delivery import FORMS


@pytest.mark.parametrize("name", FORMS)
def test_the_usual_bit_rate_is_one_that_the_form_takes(name):
    form = FORMS[name]

    assert form.takes(form.usual_bit_rate)
    assert form.takes(form.least_bit_rate)
    assert form.takes(form.most_bit_rate)
    assert not form.takes(form.least_bit_rate - 1)
    assert not form.takes(form.most_bit_rate + 1)


def test_mp3_has_steps_and_the_others_have_none():
    assert not FORMS["mp3"].takes(100_000)
    assert FORMS["opus"].takes(100_001)


@pytest.mark.parametrize(
    "source_hz, delivered_hz",
    [(8_000, 48_000), (11_025, 44_100), (44_100, 44_100), (48_000, 48_000), (88_200, 44_100), (384_000, 48_000)],
)
def test_the_rate_is_the_usual_one_of_the_source_s_family(source_hz, delivered_hz):
    assert FORMS["mp3"].rate_hz(source_hz) == FORMS["aac"].rate_hz(source_hz) == delivered_hz
    assert FORMS["opus"].rate_hz(source_hz) == 48_000
