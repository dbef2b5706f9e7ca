"""What a run is: the keys, their checks, the YAML, the command line and the form made from them."""
