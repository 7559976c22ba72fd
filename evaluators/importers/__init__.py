"""Suites and data sets of other tools, turned into ours, with an honest list of what was left behind."""

from evaluators.importers.imported import Imported
from evaluators.importers.read import FORMATS, read

__all__ = ["FORMATS", "Imported", "read"]
