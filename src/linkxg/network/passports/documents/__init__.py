"""The content of a passport, what each reader sees of it, and its representations; no database."""
