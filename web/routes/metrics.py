"""The numbers of the service: for Prometheus, as JSON, and as a file."""

import csv
import io
import math
from typing import Literal

import msgspec
from prometheus_client.metrics_core import Metric
from quart import Blueprint, Response

from actors.metrics import CONTENT_TYPE
from actors.model.time import Time
from actors.model.user import Role
from web.encoding import JSON, answer, json_bytes, now, raw_answer
from web.endpoints import Answer, endpoint
from web.openapi import examples
from web.readings import readings
from web.services import services

blueprint = Blueprint("metrics", __name__)


class SampleView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One number; of a histogram one for each bucket, the count and the sum."""

    name: str
    """Name of the number."""
    labels: dict[str, str]
    """What sets it apart from the others."""
    value: float | None
    """Null for what is no number."""


class MetricView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """One metric, under the name that Prometheus has for it."""

    name: str
    """As Prometheus knows it."""
    kind: str
    """`counter`, `gauge`, `histogram` or another kind of Prometheus."""
    meaning: str
    """What it counts."""
    samples: tuple[SampleView, ...]
    """Its numbers."""


class MetricsView(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """All of them at one moment."""

    at: Time
    metrics: tuple[MetricView, ...]
    """All metrics, by name."""


class Export(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which form."""

    format: Literal["json", "prometheus", "csv"]
    """In which form."""


_VIEW = MetricsView(
    at=examples.MOMENT,
    metrics=(
        MetricView(
            name="rookery_tracks",
            kind="gauge",
            meaning="Tracks of the catalogue.",
            samples=(SampleView(name="rookery_tracks", labels={}, value=1200.0),),
        ),
    ),
)


@endpoint(
    blueprint,
    "GET",
    "/metrics",
    tag="Service",
    answers={200: Answer(meaning="Prometheus text format.", content=("text/plain",))},
)
async def read_metrics() -> Response:
    """Numbers of the service, in the text format of Prometheus."""
    held = services()
    return raw_answer(held.metrics.exposition(await readings(held)), content_type=CONTENT_TYPE)


@endpoint(
    blueprint,
    "GET",
    "/api/v1/metrics",
    tag="Service",
    answers={200: Answer(meaning="The numbers.", model=MetricsView, example=_VIEW)},
)
async def list_metrics() -> Response:
    """Numbers of the service, as JSON; the same as `/metrics`."""
    return answer(await _view())


@endpoint(
    blueprint,
    "POST",
    "/api/v1/metrics/export",
    tag="Service",
    role=Role.LISTENER,
    body=Export,
    example={"format": "csv"},
    answers={
        200: Answer(
            meaning="The numbers, as a file.",
            model=MetricsView,
            content=("text/plain", "text/csv"),
            headers=("Content-Disposition",),
            example=_VIEW,
        )
    },
)
async def export_metrics(body: Export) -> Response:
    """Numbers of the service as a file to keep: JSON, Prometheus text, or CSV with a line for each sample."""
    held = services()
    if body.format == "prometheus":
        content, kind, ending = held.metrics.exposition(await readings(held)), CONTENT_TYPE, "txt"
    elif body.format == "csv":
        content, kind, ending = _csv(await _view()), "text/csv; charset=utf-8", "csv"
    else:
        content, kind, ending = json_bytes(await _view()), JSON, "json"
    place = {"Content-Disposition": f'attachment; filename="rookery-metrics.{ending}"'}
    return raw_answer(content, content_type=kind, headers=place)


async def _view() -> MetricsView:
    held = services()
    return MetricsView(at=now(), metrics=tuple(map(_metric_view, held.metrics.collected(await readings(held)))))


def _metric_view(metric: Metric) -> MetricView:
    samples = tuple(
        SampleView(name=one.name, labels=dict(one.labels), value=one.value if math.isfinite(one.value) else None)
        for one in metric.samples
    )
    return MetricView(name=metric.name, kind=metric.type, meaning=metric.documentation, samples=samples)


def _csv(view: MetricsView) -> bytes:
    file = io.StringIO()
    lines = csv.writer(file)
    lines.writerow(("at", "name", "labels", "value"))
    for metric in view.metrics:
        for one in metric.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            lines.writerow((view.at.isoformat(), one.name, labels, "" if one.value is None else repr(one.value)))
    return file.getvalue().encode()
