"""In which units is a product measured? Codes of UN/CEFACT Recommendation 20, by what they measure."""

MASS = ("KGM", "GRM", "MGM", "TNE", "LBR", "ONZ")
LENGTH = ("MTR", "CMT", "MMT", "KMT", "INH", "FOT")
VOLUME = ("LTR", "MLT", "CLT", "MTQ", "CMQ", "GLL", "OZA")
