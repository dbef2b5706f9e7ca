"""What is wrong with rows, and what they are like: computed once, asked often."""
