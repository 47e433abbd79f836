"""One module per codec family, each behind the `Codec` protocol."""
