"""The Textual app. Nothing here imports torch."""
