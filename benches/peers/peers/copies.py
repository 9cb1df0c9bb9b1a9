"""Copies a database to disk before a measurement uses it."""

import os
import shutil


def copy_synced(base: str, to: str) -> str:
    """Copies a file, syncs the copy and returns its path. Without this, the first sync of a measurement
    would also write the copy."""
    path = shutil.copy(base, to)
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.close(file)
    return path
