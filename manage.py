#!/usr/bin/env python
"""The door to Django."""

import os
import sys

from django.core.management import execute_from_command_line

from console.supervisor.home import StartError, adopt_environment, home_from_environment


def main() -> None:
    """Run a management command, beside the instance in PARAPET_HOME when one was started there."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.base")  # noqa: TID251
    if sys.argv[1:2] == ["up"]:
        try:
            home = home_from_environment()
            home.prepare()
            os.environ["PARAPET_HOME"] = str(home.path)  # noqa: TID251
            os.environ.setdefault("PARAPET_SECRET_KEY", home.secret_key())  # noqa: TID251
        except StartError as error:
            sys.exit(f"{error}.")
    else:
        adopt_environment()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
