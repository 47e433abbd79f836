"""The Lambda assets: what is in them, how small they are, and that the same sources give the same bytes."""
