"""The recipe of our own models: a folder of public data in; weights, card and evaluation out."""
