"""From a file to rows (containers), to conversations (formats), to token ids and a loss mask (tokens)."""
