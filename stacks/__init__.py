"""What exists in AWS: one construct per capability."""
