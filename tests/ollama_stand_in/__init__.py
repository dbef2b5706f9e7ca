"""A stand-in for an Ollama server: it replays exchanges, recorded with a real one or written by hand."""
