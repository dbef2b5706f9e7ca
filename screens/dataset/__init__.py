"""The Data screen: rows, the selected row as a conversation and as painted tokens."""
