"""Texts with personal data, written and filled by ourselves: what the encoder's tagger learns from."""

from guardrails.training.pii.mixture import examples

__all__ = ["examples"]
