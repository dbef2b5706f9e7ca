"""The Chat screen: base and fine-tuned side by side, and Ollama."""
