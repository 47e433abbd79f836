"""A DICOM stream (PS3.10): find the header, the pixel data and the trailer; rewrite the first, pass the second."""
