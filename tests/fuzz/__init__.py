"""Searches that look for what no test thought of."""
