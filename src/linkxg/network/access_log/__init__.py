"""Which partner read what."""
