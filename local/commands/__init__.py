"""The commands of `dicom-deid`, one module each."""
