"""One small module per Lambda: an event in, library and services called, references out."""
