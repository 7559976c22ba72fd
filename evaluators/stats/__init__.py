"""Statistics for experiments on language models: pure functions over arrays, no input or output."""
