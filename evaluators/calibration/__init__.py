"""How far a judge can be trusted: its agreement with people, and rates corrected for its errors.

Importing this package loads nothing; the statistics come with the module that has them.
"""
