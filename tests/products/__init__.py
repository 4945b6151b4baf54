"""Products, through the API and in their pure parts."""
