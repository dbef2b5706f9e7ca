"""What the columns of a row mean: alpaca, sharegpt, OpenAI messages, preference, KTO or plain text."""
