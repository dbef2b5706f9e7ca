"""The Monitor screen: runs, curves, memory, log."""
