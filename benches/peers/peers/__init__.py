"""What a person would otherwise use, on the same sources, held against Plimsoll."""
