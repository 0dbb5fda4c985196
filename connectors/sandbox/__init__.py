"""Simulators of the vendors, one process, standard library only: it shares no code with the
adapters it checks.
"""
