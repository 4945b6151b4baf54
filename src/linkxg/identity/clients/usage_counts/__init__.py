"""What clients did, counted by day."""
