"""The units of measure of a product: codes of UN/CEFACT Recommendation 20, by quantity."""

MASS = ("KGM", "GRM", "MGM", "TNE", "LBR", "ONZ")
LENGTH = ("MTR", "CMT", "MMT", "KMT", "INH", "FOT")
VOLUME = ("LTR", "MLT", "CLT", "MTQ", "CMQ", "GLL", "OZA")
