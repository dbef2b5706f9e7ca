"""Figures of a whole data set, to look at: lengths, labels, health. Each opens the rows behind it."""
