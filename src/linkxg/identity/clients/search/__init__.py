"""Finding clients by name, in the order that a person wants, with what each does."""
