"""The guard server: detectors that need more than microseconds, behind HTTP."""
