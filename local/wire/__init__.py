"""Rekognition, Textract and Comprehend Medical at the AWS wire, answered by detectors on this machine."""
