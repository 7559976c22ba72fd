#!/usr/bin/env python
"""The door to Django."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.base")  # noqa: TID251
    execute_from_command_line(sys.argv)
