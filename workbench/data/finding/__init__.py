"""Finding rows by what stands in them: the pattern, the quick look at raw bytes, the search itself."""
