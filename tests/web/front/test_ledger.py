"""What is written down of a request."""

import pytest
import structlog.testing

from actors.metrics import Metrics
from actors.model.user import LOCAL_CALLER
from web.exchange import Exchange
from web.front.ledger import Ledger


def closed(*, method="GET", path="/api/v1/tracks", status=200):
    """The log lines and the figures of one request."""
    metrics = Metrics()
    current = Exchange(request_id="r-1", method=method, path=path, route="/api/v1/tracks", caller=LOCAL_CALLER)
    with structlog.testing.capture_logs() as lines:
        Ledger(metrics).close(current, status=status, sent_bytes=12, is_whole=status is not None)
    samples = {
        sample.name: dict(sample.labels)
        for family in metrics.collected(())
        for sample in family.samples
        if sample.name == "rookery_http_requests_total"
    }
    return lines, samples


def test_a_request_is_one_line_and_is_counted():
    (line,), samples = closed()

    told = {name: line[name] for name in ("event", "log_level", "method", "path", "status", "whole", "bytes", "user")}
    assert told == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "path": "/api/v1/tracks",
        "status": 200,
        "whole": True,
        "bytes": 12,
        "user": LOCAL_CALLER.name,
    }
    assert [labels["status"] for labels in samples.values()] == ["200"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health", "/metrics"])
def test_what_watchers_ask_all_the_time_is_quiet(path):
    (line,), _ = closed(path=path)
    assert line["log_level"] == "debug"


def test_who_left_before_the_answer_is_told_apart():
    (line,), samples = closed(status=None)
    assert (line["status"], line["whole"]) == (None, False)
    assert [labels["status"] for labels in samples.values()] == ["left"]


def test_methods_of_the_clients_own_invention_are_counted_together():
    _, samples = closed(method="BREW")
    assert [labels["method"] for labels in samples.values()] == ["other"]
