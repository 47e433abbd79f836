"""De-identification of DICOM instances by PS3.15 Annex E: a library that knows no cloud service."""

__version__ = "0.1.0"
