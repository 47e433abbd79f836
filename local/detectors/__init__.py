"""What this machine has in place of Rekognition, Textract and Comprehend Medical."""
