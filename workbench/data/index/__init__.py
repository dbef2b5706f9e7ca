"""One pass over all rows: where each lies, whether it is good, its cells and its facts; kept on the disk."""
