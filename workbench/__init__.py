"""The engine: from rows of data to a fine-tuned model, without a screen."""

__version__ = "0.1.0"
