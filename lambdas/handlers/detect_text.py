"""DetectText: read the words of one group of images with the deployment's engine."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from dicom_deid.phi.words import DetectedText
from handlers.attempt import open_attempt
from handlers.boundary import AttemptEvent, HandlerSettings, Result, step
from services import text_detection
from services.text_detection import Engine


class Settings(HandlerSettings):
    """Environment of this function."""

    catalog_table: str
    work_bucket: str
    ocr_engine: Engine = Engine.REKOGNITION


@cache
def settings() -> Settings:
    """Read once per process."""
    return Settings()


class GroupEvent(AttemptEvent):
    """One group of images."""

    group: int = Field(ge=0)


@step(GroupEvent)
def handle(event: GroupEvent) -> Result:
    """images/<group>/ -> words/<group>.json."""
    work = open_attempt(event, settings().catalog_table, settings().work_bucket).work
    detected: list[DetectedText] = []
    for image in work.read_source().images:
        if image.group == event.group:
            content = work.read_image(image.group, image.image, image.media_type)
            engine = settings().ocr_engine
            detected.append(text_detection.detect(engine, image.group, image.image, content, image.width, image.height))
    work.write_words(event.group, tuple(detected))
    return {"images": len(detected)}
