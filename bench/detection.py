"""How much burned-in PHI is covered and how much clinical text is hit, on images that no rule was tuned on.

Every object goes the real way: frames extracted, DetectText and DetectPHI asked at the wire (RapidOCR and the local PHI
detector answer), findings assessed and planned. Beside it stands presidio-image-redactor on the same files.

``DICOM_DEID_BENCH_OBJECTS`` sets how many objects (default 201). Words read are kept in `.cache/detection` by the
digest of the image and of the detector's source, so that a second run only measures.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench._redactors import PRESIDIO
from dicom_deid.errors import BadInputError
from dicom_deid.geometry import Box
from dicom_deid.phi.findings import Action
from dicom_deid.pixels.plan import PlannedBox, RedactionPlan
from local.detectors import lines, text
from local.detectors.phi_text import LocalPhiDetector
from local.detectors.text import LocalTextDetector
from tests.synthetic.burned_in import BurnedIn, generate
from tests.synthetic.burned_in_measure import POLICIES, Tally, detectors, look_at
from tests.synthetic.burned_in_people import HELD_BACK

SEEDS = (101, 102, 103)
CACHE = Path(__file__).parents[1] / ".cache" / "detection"


class KeptWords:
    """The local text detector, with its answers kept on disk."""

    def __init__(self) -> None:
        self._detector = LocalTextDetector()
        source = b"".join(Path(str(module.__file__)).read_bytes() for module in (lines, text))
        self._engine = hashlib.sha256(source).hexdigest()[:16]
        self.seconds, self.read = 0.0, 0
        CACHE.mkdir(parents=True, exist_ok=True)

    def detect_text(self, image: bytes) -> Mapping[str, Any]:
        path = CACHE / f"{self._engine}-{hashlib.sha256(image).hexdigest()[:40]}.json"
        if path.exists():
            kept: Mapping[str, Any] = json.loads(path.read_text())
            return kept
        begin = time.monotonic()
        answer = self._detector.detect_text(image)
        self.seconds, self.read = self.seconds + time.monotonic() - begin, self.read + 1
        path.write_text(json.dumps(answer))
        return answer

    def detect_document_text(self, image: bytes) -> Mapping[str, Any]:
        return self._detector.detect_document_text(image)


def objects() -> list[BurnedIn]:
    wanted = int(os.environ.get("DICOM_DEID_BENCH_OBJECTS", "201"))
    each = -(-wanted // len(SEEDS))
    return [generate(seed, number, HELD_BACK) for number in range(each) for seed in SEEDS][:wanted]


def measured(made: list[BurnedIn]) -> dict[str, Tally]:
    tallies = {name: Tally() for name in POLICIES}
    words = KeptWords()
    with detectors(words, LocalPhiDetector()):
        for one in made:
            try:
                seen = look_at(one.content)
            except BadInputError as refused:
                for tally in tallies.values():
                    tally.refuse(refused.reason.value)
                continue
            for name, policy in POLICIES.items():
                tallies[name].add(one, seen.plan(policy))
    if words.read:
        print(f"OCR read {words.read} images, {words.seconds / words.read:.2f} s each")
    return tallies


def peer(made: list[BurnedIn]) -> Tally | None:
    """The same count for the other redactor, by the boxes that it says it filled on its one frame."""
    if not PRESIDIO.install():
        return None
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in", Path(folder) / "out"
        source.mkdir()
        target.mkdir()
        for one in made:
            (source / one.name).write_bytes(one.content)
        PRESIDIO.run(source, target)
        for one in made:
            path = target / one.name
            if path.exists():
                tally.add(one, _as_plan(json.loads(path.read_text()), one))
            else:
                tally.refuse("crashed", one)
    return tally


def _as_plan(boxes: list[list[int]], one: BurnedIn) -> RedactionPlan:
    frames = tuple(range(one.encoding.frames))
    made = (Box(x, y, x + width, y + height) for x, y, width, height in boxes if width > 0 and height > 0)
    return RedactionPlan(boxes=tuple(PlannedBox(frames, box, Action.REDACT, 1.0, ()) for box in made))


def line(name: str, tally: Tally) -> str:
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(tally.refused.items())) or "none"
    alone = tally.phi_redacted / max(1, tally.phi)
    return (
        f"{name:36s} PHI words covered {tally.recall:.2%} of {tally.phi} ({alone:.2%} without a person)\n"
        f"{'':36s} clinical words hit {tally.over:.2%} of {tally.clinical}; to review {tally.review_share:.1%}\n"
        f"{'':36s} boxes on no text {tally.strays} ({tally.stray_area / max(1, tally.objects):.3%} of a frame); "
        f"refused: {refused}"
    )


def main() -> None:
    made = objects()
    syntaxes = len({one.encoding.syntax for one in made})
    print(f"{len(made)} objects of seeds {', '.join(map(str, SEEDS))} in {syntaxes} transfer syntaxes")
    for name, tally in measured(made).items():
        print(line(f"dicom-deid, unmatched_text={name}", tally))
    found = peer(made)
    if found is None:
        print("presidio-image-redactor: not installed, not measured")
    else:
        print(line(f"presidio-image-redactor {PRESIDIO.version}", found))


if __name__ == "__main__":
    main()
