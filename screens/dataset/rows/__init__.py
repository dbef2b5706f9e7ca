"""The rows of the file: the table, what stands in its place, and what is shown in it."""
