"""The page of a passport for people: opened from a data carrier, without scripts or third parties."""
