"""What an operator does with an installation besides serving it: restore and diagnosis."""
