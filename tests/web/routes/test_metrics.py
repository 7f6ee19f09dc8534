"""Numbers for Prometheus."""

from prometheus_client.parser import text_string_to_metric_families


async def test_everything_is_counted(served, shelf) -> None:
    await shelf.put("counted.mp3")
    await served.client.get("/api/v1/tracks")
    await served.client.get("/nope")
    response = await served.client.get("/metrics")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }

    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples["rookery_http_requests_total", (("method", "GET"), ("status", "200"))] == 1
    assert samples["rookery_http_requests_total", (("method", "GET"), ("status", "404"))] == 1
    assert samples["rookery_http_request_seconds_count", (("method", "GET"), ("route", "/api/v1/tracks"))] == 1
    assert samples["rookery_http_requests_open", ()] == 1
    assert samples["rookery_database_up", ()] == 1
    assert samples["rookery_tracks", ()] >= 1
    assert samples["rookery_child_running", (("path", "rookery/pipeline/watcher"),)] == 1
    assert samples["rookery_mailbox_depth", (("path", "rookery/pipeline/watcher"),)] == 0
    assert samples["rookery_feed_subscribers", ()] == 0
    assert ("rookery_database_connections", (("state", "idle"),)) in samples


async def test_strange_methods_do_not_grow_the_labels(served) -> None:
    for method in ("BREW", "WHEN"):
        await served.client.request(method, "/")
    text = (await served.client.get("/metrics")).text

    assert 'method="other",status="405"} 2.0' in text
    assert "BREW" not in text
