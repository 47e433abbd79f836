"""Reading text on this machine is nobody else's business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

READ_A_PICTURE = """
import cv2, numpy
from local.detectors.text import LocalTextDetector
LocalTextDetector().detect_text(cv2.imencode(".png", numpy.zeros((80, 80, 3), numpy.uint8))[1].tobytes())
"""
SUPPRESSING = ("CI", "ORT_", "GITHUB_", "TF_BUILD", "JENKINS", "XDG_", "PYTEST_")
"""Beginnings of names by which the runtime is silenced, or writes elsewhere."""


def test_the_text_engine_leaves_no_identifier_and_opens_no_telemetry(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(SUPPRESSING)}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", READ_A_PICTURE], env=environment, check=True, timeout=60)
    assert not [path for path in tmp_path.rglob("*") if "onnx" in path.name.lower() or path.name == "deviceid"]
