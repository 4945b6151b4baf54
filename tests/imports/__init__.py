"""Files become products exactly once, and failed rows come back."""
