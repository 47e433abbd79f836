"""Nothing planted comes out of any view, by a real S3 client, in any transfer syntax."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest

from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser
from tests.pipeline.test_header_leaks import _CODECS, base, full
from tests.synthetic import leaks
from tests.synthetic.leaks import Planter
from tests.synthetic.served import KEY, PRESETS, VIEWS, Served, served

NATIVE = (leaks.IMPLICIT, leaks.EXPLICIT, leaks.DEFLATED, leaks.BIG)
JPEG_2000 = ("1.2.840.10008.1.2.4.9", "1.2.840.10008.1.2.4.20")


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    from handlers.telemetry import logger

    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


def planted_object(planter: Planter, syntax: str) -> bytes:
    """Markers in every place: the whole header where pixels are native, the codestream where they are not."""
    if syntax in NATIVE:
        return leaks.native(planter, full(planter), syntax)
    encode, _ = _CODECS[syntax]
    comment = leaks.with_jpeg2000_comment if syntax.startswith(JPEG_2000) else leaks.with_jpeg_comments
    items = [*base(planter), *leaks.odd_corners(planter), *leaks.private_blocks(planter)]
    return leaks.encapsulated(planter, items, syntax, comment(planter, bytes(encode())))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, Planter], dict[str, bytes]]]:
    # The UIDs that a planter gives are numbered: each object gets a range of its own, and so is an instance of its own.
    planters = {name: Planter(_count=number * 20_000) for number, name in enumerate([*NATIVE, *_CODECS])}
    sources = {name: planted_object(planter, name) for name, planter in planters.items()}
    with served(tmp_path_factory.mktemp("planted"), sources) as found:
        yield found, planters, sources


@pytest.mark.parametrize("syntax", [*NATIVE, *_CODECS])
@pytest.mark.parametrize("preset", PRESETS)
def test_no_marker_comes_through_any_view(
    planted: tuple[Served, dict[str, Planter], dict[str, bytes]], syntax: str, preset: str
) -> None:
    found, planters, sources = planted
    markers = planters[syntax].planted
    assert len(leaks.leaks(sources[syntax], markers)) > 40
    answer = found.get(preset, syntax)
    leaked = leaks.leaks(answer["Content"], markers)
    directly = io.BytesIO()
    pseudonyms = Pseudonymiser(KEY, VIEWS[preset]["domain"])
    redact(io.BytesIO(sources[syntax]), directly, profile_named(preset), pseudonyms)
    # Times and what the options keep: the header's own tests judge these, a view may add nothing to them.
    assert set(leaked) <= set(leaks.leaks(directly.getvalue(), markers))
    assert leaked == [] or preset in {"longitudinal", "research"}
    told = json.dumps({name: str(value) for name, value in answer.items() if name != "Content"}).encode()
    assert leaks.leaks(told, markers) == []
    assert b"CITIZEN" not in told
