"""Forms in which recordings are delivered."""

import pytest

from actors.model.delivery import FORMS


@pytest.mark.parametrize("name", FORMS)
def test_a_bit_rate_is_the_nearest_that_the_form_has(name):
    form = FORMS[name]

    for bit_rate in (form.usual_bit_rate, form.least_bit_rate, form.most_bit_rate):
        assert form.nearest_bit_rate(bit_rate) == bit_rate
    assert form.nearest_bit_rate(1) == form.least_bit_rate
    assert form.nearest_bit_rate(10**9) == form.most_bit_rate


def test_mp3_has_steps_and_the_others_have_none():
    assert FORMS["mp3"].nearest_bit_rate(100_000) == 96_000
    assert FORMS["mp3"].nearest_bit_rate(104_000) == 112_000
    assert FORMS["opus"].nearest_bit_rate(100_001) == 100_001


@pytest.mark.parametrize(
    "source_hz, delivered_hz",
    [(8_000, 48_000), (11_025, 44_100), (44_100, 44_100), (48_000, 48_000), (88_200, 44_100), (384_000, 48_000)],
)
def test_the_rate_is_the_usual_one_of_the_source_s_family(source_hz, delivered_hz):
    assert FORMS["mp3"].rate_hz(source_hz) == FORMS["aac"].rate_hz(source_hz) == delivered_hz
    assert FORMS["opus"].rate_hz(source_hz) == 48_000
