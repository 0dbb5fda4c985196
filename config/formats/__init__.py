"""How dates are written, by language; Django reads this through FORMAT_MODULE_PATH."""
