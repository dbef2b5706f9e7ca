"""Model folders: found by name, checked, and loaded."""
