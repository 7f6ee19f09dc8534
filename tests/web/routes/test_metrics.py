"""Numbers for Prometheus."""

import csv
import io
from pathlib import Path

import pytest
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
    assert samples["rookery_children", (("path", "rookery/pipeline/watcher"), ("state", "running"))] == 1
    assert samples["rookery_mailbox_depth", (("path", "rookery/pipeline/watcher"),)] == 0
    assert samples["rookery_feed_subscribers", ()] == 0
    assert (samples["rookery_log_lines_total", ()], samples["rookery_log_lines_lost_total", ()]) == (0, 0)
    assert ("rookery_database_connections", (("state", "idle"),)) in samples


async def test_strange_methods_do_not_grow_the_labels(served) -> None:
    for method in ("BREW", "WHEN"):
        await served.client.request(method, "/")
    text = (await served.client.get("/metrics")).text

    assert 'method="other",status="405"} 2.0' in text
    assert "BREW" not in text


UNITS = {"milliseconds", "minutes", "hours", "kilobytes", "megabytes", "percent", "ms", "kb", "mb"}
"""Which the conventions of Prometheus replace by seconds, bytes and ratios."""


async def test_names_keep_the_conventions(served) -> None:
    families = list(text_string_to_metric_families((await served.client.get("/metrics")).text))
    names = [family.name for family in families]

    assert len(names) == len(set(names)) > 30
    for family in families:
        words = set(family.name.split("_"))
        assert family.name.startswith("rookery_")
        assert family.documentation
        assert not words & (UNITS | {"counter", "gauge", "histogram", "total", "bucket", "count", "sum"}), family.name
        assert all(sample.name.endswith("_total") for sample in family.samples if family.type == "counter")
        assert len({(sample.name, *sample.labels.items()) for sample in family.samples}) == len(family.samples)


async def test_the_guide_lists_every_metric(served) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    families = text_string_to_metric_families((await served.client.get("/metrics")).text)
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in families]

    assert [name for name in names if f"`{name}`" not in guide and not name.endswith("_created")] == []


async def test_every_form_tells_the_same(served) -> None:
    told = (await served.client.get("/api/v1/metrics")).json()
    forms = {
        form: await served.client.post("/api/v1/metrics/export", json={"format": form})
        for form in ("json", "prometheus", "csv")
    }

    names = {metric["name"] for metric in told["metrics"]}
    assert {metric["name"] for metric in forms["json"].json()["metrics"]} == names
    in_text = {family.name for family in text_string_to_metric_families(forms["prometheus"].text)}
    assert {name for name in in_text if not name.endswith("_created")} == names
    rows = list(csv.DictReader(io.StringIO(forms["csv"].text)))
    assert {"rookery_tracks", "rookery_http_requests_total"} <= {row["name"] for row in rows}
    assert all(float(row["value"]) >= 0 for row in rows)
    for form, ending in (("json", "json"), ("prometheus", "txt"), ("csv", "csv")):
        assert forms[form].headers["content-disposition"] == f'attachment; filename="rookery-metrics.{ending}"'


@pytest.mark.parametrize("body", [{}, {"format": "xml"}, {"format": None}, {"format": "csv", "more": 1}, []])
async def test_other_forms_are_refused(served, refused, body) -> None:
    refused(await served.client.post("/api/v1/metrics/export", json=body), 422, "VALIDATION_ERROR")
