"""Talking to models: one protocol, and a backend for each place where a model can run."""
