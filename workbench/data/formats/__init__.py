"""What the columns of a row mean: which of them are the conversation, in the formats that files have."""
