"""What the machine's GPUs and its host are doing. No torch here."""
