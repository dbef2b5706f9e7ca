"""The main job on an embedded default: a small model, a small sample set, a few minutes."""
