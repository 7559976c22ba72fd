"""What a decision looks like: for people, for pull requests and for machines."""

from evaluators.reports.report import Report

__all__ = ["Report"]
