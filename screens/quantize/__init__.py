"""The Quantize screen: what each method costs, measured on held-out rows."""
