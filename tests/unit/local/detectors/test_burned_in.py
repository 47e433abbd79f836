"""The generator keeps its promises, and a few of its objects go the whole way; `bench/detection.py` measures many."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys

import numpy as np
import pydicom
import pytest

from dicom_deid.part10.reader import read_header
from dicom_deid.pixels.codecs.registry import codec_of
from dicom_deid.pixels.description import describe
from dicom_deid.pixels.display import Display
from dicom_deid.pixels.frames import FrameReader
from dicom_deid.pixels.rendering import Picture, for_people
from local.detectors.phi_text import LocalPhiDetector
from local.detectors.text import LocalTextDetector
from tests.synthetic.burned_in import BurnedIn, HeaderOf, generate
from tests.synthetic.burned_in_layouts import Kind
from tests.synthetic.burned_in_measure import POLICIES, Tally, detectors, look_at
from tests.synthetic.burned_in_people import DEVELOPMENT, HELD_BACK


def frame(made: BurnedIn, number: int) -> Picture:
    source = io.BytesIO(made.content)
    header = read_header(source)
    description = describe(header)
    assert description is not None
    assert header.pixel is not None
    codec = codec_of(description.transfer_syntax)
    pixels = codec.decode(FrameReader.open(source, header, description).read(number), description)
    return for_people(pixels, description, Display.of(header))


def test_an_object_is_the_same_every_time_and_another_for_another_seed() -> None:
    digests = [hashlib.sha256(generate(seed, 1, HELD_BACK).content).digest() for seed in (5, 5, 6)]
    assert digests[0] == digests[1] != digests[2]


def test_persons_are_the_same_in_every_process() -> None:
    """Whatever order a process puts its sets in."""
    code = (
        "import numpy as np\n"
        "from tests.synthetic.burned_in_people import HELD_BACK\n"
        "chance = np.random.default_rng(5)\n"
        "print([HELD_BACK.identity(chance) for _ in range(40)])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": order, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for order in ("1", "2")
    ]
    assert told[0] == told[1] != b""


@pytest.mark.parametrize("number", [0, 1, 2, 5, 7, 8])
def test_every_word_stands_where_the_truth_says_on_the_frames_it_says(number: int) -> None:
    made = generate(4, number, DEVELOPMENT)
    for on in range(made.encoding.frames):
        grey = frame(made, on).astype(int).mean(axis=2)
        for word in made.words:
            if on not in word.frames:
                continue
            box = word.box
            area = grey[box.y0 : box.y1, box.x0 : box.x1]
            assert area.shape == word.ink.shape
            if word.ink.any() and not word.ink.all():
                assert abs(area[word.ink].mean() - area[~word.ink].mean()) > 8


def test_headers_are_the_patients_own_blank_or_of_another() -> None:
    seen = set()
    for number in range(1, 90, 9):
        made = generate(4, number, DEVELOPMENT)
        name = str(pydicom.dcmread(io.BytesIO(made.content), stop_before_pixels=True).PatientName)
        seen.add(made.header)
        assert (name == "") is (made.header is HeaderOf.BLANK)
    assert seen == set(HeaderOf)


def test_objects_differ_in_syntax_photometric_interpretation_depth_and_frames() -> None:
    made = [generate(9, number, DEVELOPMENT).encoding for number in range(30)]
    assert len({one.syntax for one in made}) >= 10
    assert len({one.photometric for one in made}) >= 5
    assert {8, 12, 16} <= {one.bits for one in made}
    assert max(one.frames for one in made) > 1


def test_a_few_objects_go_the_whole_way() -> None:
    tally = Tally()
    with detectors(LocalTextDetector(), LocalPhiDetector()):
        for number in (1, 2, 6, 10):
            made = generate(31, number, HELD_BACK)
            tally.add(made, look_at(made.content).plan(POLICIES["redact"]))
    assert tally.phi > 30
    assert tally.recall >= 0.97
    assert tally.over <= 0.15
    assert tally.stray_area / tally.objects < 0.01


def test_a_word_counts_as_covered_by_its_ink_alone() -> None:
    made = generate(4, 1, DEVELOPMENT)
    word = next(word for word in made.words if word.kind is Kind.PHI)
    assert word.ink.dtype == np.bool_
    assert word.box.width * word.box.height == word.ink.size
