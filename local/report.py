"""The report of a run: HTML files that need nothing else, and hold no text of any image."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any, Final

from dicom_deid import __version__
from dicom_deid.errors import Reason
from dicom_deid.header.presets import profile_named_or_read
from dicom_deid.header.profiles import EDITION, MEANINGS
from local.reasons import MEANINGS as WORDS
from local.rendering import template
from local.settings import EngineSettings
from local.state import InstanceRecord, OutputFolder, write_if_changed

PER_PAGE: Final = 250
"""Instances on one page: with their pictures some 3 MB, which any browser opens at once."""


def write_report(folder: OutputFolder, records: Mapping[str, InstanceRecord], settings: EngineSettings) -> Path:
    """Write ``report/index.html`` and, for many instances, ``page-2.html`` and so on; the same records, the same bytes.

    What waits or was refused comes first.
    """
    made = template("report.html")
    ordered = _ordered(records)
    names = ["index.html", *(f"page-{n}.html" for n in range(2, ceil(len(ordered) / PER_PAGE) + 1))]
    told = {
        "tool": __version__,
        "edition": EDITION,
        "profile": settings.profile,
        "options": [MEANINGS[code] for code in profile_named_or_read(settings.profile).codes],
        "domain": settings.domain,
        "fingerprint": settings.pseudonymiser().fingerprint,
        "totals": _totals(records),
        "reasons": _reasons(records),
        "stages": _stages(records),
        "pages": names,
    }
    for number, name in enumerate(names):
        shown = ordered[number * PER_PAGE : (number + 1) * PER_PAGE]
        page = made.render(told, here=number, instances=[_instance(folder, record) for record in shown])
        write_if_changed(folder.report / name, page.encode())
    for left in folder.report.glob("page-*.html"):
        if left.name not in names:
            left.unlink()
    return folder.report / names[0]


def _ordered(records: Mapping[str, InstanceRecord]) -> list[InstanceRecord]:
    """By outcome, then by reference: the order of the sources might tell something."""
    order = ("IN_REVIEW", "QUARANTINED", "DEFERRED", "RELEASED", "IGNORED")
    return sorted(records.values(), key=lambda r: (order.index(r.status) if r.status in order else 9, r.instance_id))


def _totals(records: Mapping[str, InstanceRecord]) -> list[tuple[str, int, str]]:
    statuses = Counter(record.status for record in records.values())
    redacted = sum(
        1 for r in records.values() if r.status == "RELEASED" and any(box.action == "redact" for box in r.boxes)
    )
    return [
        ("uploaded", len(records), "all"),
        ("released", statuses["RELEASED"], "good"),
        ("of them redacted", redacted, "good"),
        ("in review", statuses["IN_REVIEW"], "wait"),
        ("deferred", statuses["DEFERRED"], "wait"),
        ("quarantined", statuses["QUARANTINED"], "bad"),
        ("not DICOM", statuses["IGNORED"], "all"),
    ]


def _reasons(records: Mapping[str, InstanceRecord]) -> list[tuple[str, int, str]]:
    """Code, how many, and what it means."""
    told = Counter(record.reason for record in records.values() if record.reason)
    return [(code, number, WORDS[Reason(code)]) for code, number in sorted(told.items())]


def _stages(records: Mapping[str, InstanceRecord]) -> list[tuple[str, float, float]]:
    """Stage, seconds in all, share of the longest stage in percent."""
    total: defaultdict[str, float] = defaultdict(float)
    for record in records.values():
        for name, seconds in record.stages.items():
            if name not in {"AnalyseImages", "RequestReview"}:
                total[name] += seconds
    slowest = sorted(total.items(), key=lambda item: -item[1])
    longest = max(total.values(), default=1.0) or 1.0
    return [(name, round(seconds, 2), round(100 * seconds / longest, 1)) for name, seconds in slowest[:10]]


def _instance(folder: OutputFolder, record: InstanceRecord) -> dict[str, Any]:
    picture = folder.report / "pictures" / f"{record.instance_id}.jpg"
    shown = base64.b64encode(picture.read_bytes()).decode() if picture.exists() else None
    return {
        "reference": record.instance_id,
        "status": record.status.lower().replace("_", " "),
        "reason": record.reason,
        "state": record.state,
        "modality": record.modality,
        "route": record.route,
        "syntax": record.transfer_syntax,
        "size": f"{record.columns} × {record.rows}" if record.rows else "",
        "frames": record.frames,
        "images": record.images,
        "picture": f"data:image/jpeg;base64,{shown}" if shown else None,
        "boxes": [box for box in record.boxes if box.action != "keep"],
        "kept": sum(1 for box in record.boxes if box.action == "keep"),
        "checks": record.checks,
        "seconds": round(sum(record.stages.values()), 1),
        "sha256": record.output_sha256,
    }
