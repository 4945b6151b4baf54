"""Access to what a passport withholds: requests, grants that end, their links, and the log of their use."""
