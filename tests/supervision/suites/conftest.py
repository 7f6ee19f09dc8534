"""What the suites share."""

import logging

import pytest


@pytest.fixture
def quiet():
    """No log: thousands of crashes on purpose are not worth writing down."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
