"""Reads approved reports and workspace lists from Expensify; there is no way to write anything."""
