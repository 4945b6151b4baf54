"""What does a person with a browser meet? Debian's Chromium against a real server process."""
