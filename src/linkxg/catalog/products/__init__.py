"""Products of an account: what companies describe to each other."""
