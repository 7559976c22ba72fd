"""The suite that `parapet eval init` writes."""
