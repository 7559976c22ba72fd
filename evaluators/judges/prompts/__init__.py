"""Prompts of the judges, one Markdown file each."""
