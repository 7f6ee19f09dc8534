"""Metrics in the Prometheus text format."""

from prometheus_client.parser import text_string_to_metric_families

from actors.metrics import Family, Metrics, Spread


def test_what_was_counted_and_what_was_read_stand_together() -> None:
    metrics = Metrics()
    metrics.requests.labels("GET", "200").inc()
    read = [
        Family(name="rookery_tracks", meaning="Tracks.", samples=(({}, 3.0),)),
        Family(
            name="rookery_restarts_total", meaning="Restarts.", samples=(({"path": "a"}, 1.0), ({"path": 'b"\n'}, 2.0))
        ),
        Family(name="rookery_nothing", meaning="No samples.", samples=()),
    ]
    text = metrics.exposition(read).decode()
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert samples["rookery_http_requests_total", "GET", "200"] == 1
    assert samples["rookery_tracks",] == 3
    assert samples["rookery_restarts_total", "a"] == 1
    assert samples["rookery_restarts_total", 'b"\n'] == 2
    assert "# TYPE rookery_restarts_total counter" in text


def test_histogram_that_was_read_is_one() -> None:
    buckets = ((0.001024, 3.0), (float("inf"), 4.0))
    spread = Spread(name="rookery_message_seconds", meaning="Times.", samples=(({"path": "a"}, buckets, 1.5),))
    lines = Metrics().exposition([spread]).decode().splitlines()

    assert "# TYPE rookery_message_seconds histogram" in lines
    assert 'rookery_message_seconds_bucket{le="0.001024",path="a"} 3.0' in lines
    assert 'rookery_message_seconds_bucket{le="+Inf",path="a"} 4.0' in lines
    assert 'rookery_message_seconds_count{path="a"} 4.0' in lines
    assert 'rookery_message_seconds_sum{path="a"} 1.5' in lines


def test_two_services_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.sent.inc(5)

    assert b"rookery_http_response_bytes_total 5.0" in first.exposition([])
    assert b"rookery_http_response_bytes_total 0.0" in second.exposition([])


def test_an_answer_is_counted_by_its_method_status_and_route() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.answered(method="GET", status="200", route="/livez", elapsed_s=0.002, sent_bytes=5)
    lines = metrics.exposition(()).decode().splitlines()

    assert 'rookery_http_requests_total{method="GET",status="200"} 2.0' in lines
    assert 'rookery_http_request_seconds_count{method="GET",route="/livez"} 2.0' in lines
    assert "rookery_http_response_bytes_total 10.0" in lines
