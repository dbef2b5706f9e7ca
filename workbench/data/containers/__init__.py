"""How rows lie in a file: as a JSON list, JSON Lines, CSV, TSV, Parquet or lines of text."""
