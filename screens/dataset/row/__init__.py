"""The selected row: as a conversation, as tokens, as JSON."""
