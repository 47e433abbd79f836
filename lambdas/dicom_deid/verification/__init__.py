"""Independent checks on the finished object: nothing here is shared with the code that made it."""
