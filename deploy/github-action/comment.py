"""Keep one comment of a pull request up to date: `comment.py report.md`. Needs nothing but Python.

Reads GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, PULL_REQUEST and SUITE. Where the token may not write, as on pull
requests from forks, it says so and leaves the job alone: the report is in the job's summary as well.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

_PAGE = 100


def main() -> int:
    """Write the comment, or change the one that an earlier run wrote."""
    given = os.environ  # noqa: TID251 - the entry of this process
    marker = f"<!-- parapet: {given['SUITE'].replace('--', '')} -->"
    body = f"{marker}\n{Path(sys.argv[1]).read_text('utf-8')}"[:65_000]
    issue = f"/repos/{given['GITHUB_REPOSITORY']}/issues"
    try:
        known = _find(f"{issue}/{given['PULL_REQUEST']}/comments", marker)
        if known is None:
            _call("POST", f"{issue}/{given['PULL_REQUEST']}/comments", {"body": body})
        else:
            _call("PATCH", f"{issue}/comments/{known}", {"body": body})
    except urllib.error.HTTPError as error:
        sys.stdout.write(f"::notice::no comment was written: GitHub answered {error.code}\n")
    except (urllib.error.URLError, TimeoutError) as error:
        sys.stdout.write(f"::notice::no comment was written: {type(error).__name__}\n")
    return 0


def _find(path: str, marker: str) -> int | None:
    page = 1
    while True:
        comments = _call("GET", f"{path}?per_page={_PAGE}&page={page}")
        for comment in comments:
            if str(comment.get("body") or "").startswith(marker):
                return int(comment["id"])
        if len(comments) < _PAGE:
            return None
        page += 1


def _call(method: str, path: str, content: Any = None) -> Any:
    given = os.environ  # noqa: TID251 - see above
    request = urllib.request.Request(  # noqa: S310 - GitHub's own address
        given.get("GITHUB_API_URL", "https://api.github.com") + path,
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={
            "Authorization": f"Bearer {given['GITHUB_TOKEN']}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - see above
        return json.load(response)


if __name__ == "__main__":
    sys.exit(main())
