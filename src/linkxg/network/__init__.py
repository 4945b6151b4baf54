"""What companies share with each other."""
