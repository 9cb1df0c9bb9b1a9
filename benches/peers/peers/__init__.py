"""Measures Plimsoll against other tools on the same sources."""
