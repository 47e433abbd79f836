"""Baseline and extended sequential JPEG (ITU-T T.81), edited in the DCT domain: only touched MCUs change."""

from dicom_deid.pixels.codecs.jpeg.editing import black_out, touched_area

__all__ = ["black_out", "touched_area"]
