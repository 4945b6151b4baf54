"""What every part of the program runs on: files and background tasks, and nothing that knows HTTP, SQL or a feature."""
