"""Two versions of a prompt: the one in use, and the one you would like to use."""
