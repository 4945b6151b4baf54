"""What every part of the program runs on: files, and nothing that knows HTTP, SQL or a feature."""
