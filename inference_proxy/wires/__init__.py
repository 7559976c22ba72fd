"""The protocols in which answers are streamed, each read into the same few events and written back."""
