"""What every handler says: structured logs and metrics, of codes and places alone."""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger(service="dicom-deid", log_uncaught_exceptions=False)


def measure(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count, **dimensions: str) -> None:
    """Emit one metric; dimensions are states and reason codes, never anything of a file."""
    metric = EphemeralMetrics(namespace="DicomDeid", service="dicom-deid")
    for dimension, term in dimensions.items():
        metric.add_dimension(name=dimension, value=term)
    metric.add_metric(name=name, unit=unit, value=value)
    metric.flush_metrics()
