"""From a DICOM stream to images for text detection, and from boxes back to a stream whose other pixels are the same."""
