"""Simulated companies whose traffic fills an empty installation, so that every page has something to show."""
