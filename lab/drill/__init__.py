"""What shall happen: the drill as data, read from YAML, patched by name."""
