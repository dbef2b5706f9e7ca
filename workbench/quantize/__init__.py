"""What each quantization costs, measured on the user's own rows."""
