"""Torture: posting under killed workers, dropped answers and late stores, counted to the cent."""
