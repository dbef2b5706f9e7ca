"""Runs: jobs that belong to the disk, each in a directory of its own. No torch here."""
