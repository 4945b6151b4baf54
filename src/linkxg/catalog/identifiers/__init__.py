"""GS1 identifiers: what they look like, and how one thing that is written in several ways gets one name."""
