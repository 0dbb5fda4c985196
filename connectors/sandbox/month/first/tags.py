"""The usual tags of Acme US: department, region, client."""

CONSULTING = ("Consulting", "East", "Globex")
SALES = ("Sales", "West", "Internal")
OPERATIONS = ("Operations", "East", "Internal")
ENGINEERING = ("Engineering", "West", "Initech")
