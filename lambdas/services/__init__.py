"""Thin typed adapters over AWS services. They know the limits of the services and nothing of DICOM."""
