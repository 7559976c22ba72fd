"""The settings under test: what the base says, with values a test run needs."""

import os
import tempfile

os.environ.setdefault("PARAPET_SECRET_KEY", "a secret that only tests know")  # noqa: TID251
os.environ.setdefault("PARAPET_HOME", tempfile.mkdtemp(prefix="parapet-test-"))  # noqa: TID251

from console.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # noqa: F405 - whitenoise warns when there is none
