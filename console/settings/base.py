"""The console's settings: the same everywhere; the environment says what stands behind each URL."""

import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from console.settings import env
from console.settings.local_judges import local_judges_in
from console.settings.providers import providers_in

ROOT = Path(__file__).resolve().parents[2]
HOME = env.path("PARAPET_HOME", ".parapet")

PARAPET_SECRET_KEY = env.text("PARAPET_SECRET_KEY")
"""The installation's one secret; the keys of everything else are derived from it."""
SECRET_KEY = hmac.new(PARAPET_SECRET_KEY.encode(), b"parapet console", hashlib.sha256).hexdigest()

CLICKHOUSE_URL = env.text("PARAPET_CLICKHOUSE_URL", "http://127.0.0.1:8123/parapet")
REDIS_URL = env.text("PARAPET_REDIS_URL", "redis://127.0.0.1:6379/0")
GUARD_URL = env.text("PARAPET_GUARD_URL", "http://127.0.0.1:8090")
GUARD_TOKEN = env.text("PARAPET_GUARD_TOKEN", "")
CONSOLE_URL = env.text("PARAPET_CONSOLE_URL", "http://127.0.0.1:8000")
PROXY_URL = env.text("PARAPET_PROXY_URL", "http://127.0.0.1:8080/v1")
OTLP_URL = env.text("PARAPET_OTLP_URL", "http://127.0.0.1:4318")
SNAPSHOT_FILE = env.text("PARAPET_SNAPSHOT_FILE", "")
"""Where to write the proxy's snapshot beside Redis; empty for nowhere."""

ALLOW_PRIVATE_UPSTREAMS = env.text(
    "PARAPET_ALLOW_PRIVATE_UPSTREAMS",
    "loopback" if env.text("PARAPET_HOST", "127.0.0.1") in {"127.0.0.1", "::1", "localhost"} else "none",
).lower()
"""Which addresses besides public ones an upstream may have: none, loopback or private. As in the proxy."""
if ALLOW_PRIVATE_UPSTREAMS not in {"none", "loopback", "private"}:
    raise ImproperlyConfigured(
        f"PARAPET_ALLOW_PRIVATE_UPSTREAMS must be none, loopback or private, not {ALLOW_PRIVATE_UPSTREAMS!r}."
    )
LOCAL_JUDGES = local_judges_in(env.names("PARAPET_LOCAL_JUDGES"))
"""Judge models on the machines of the queue `gpu`: a folder or a hub's name for each name."""
LOCAL_JUDGE_DEVICE = env.text("PARAPET_LOCAL_JUDGE_DEVICE", "auto")
LOCAL_CLASSIFIER = env.text("PARAPET_LOCAL_CLASSIFIER", "").strip()
"""The classifier of pairs of texts beside them: a folder or a hub's name, and `#label` where support has an unusual one."""
CODE_EXECUTION = env.flag("PARAPET_CODE_EXECUTION", False)
"""Whether evaluators may run, in a sandbox on the workers, programs that models wrote."""
OWNER_EMAIL = env.text("PARAPET_OWNER_EMAIL", "owner@parapet.local")
"""Who the first start makes the owner."""
PROVIDERS_IN_ENVIRONMENT = providers_in(env.everything())
"""OPENAI_API_KEY and friends: each becomes an upstream of the first project."""

DEBUG = env.flag("PARAPET_DEBUG", False)
ALLOWED_HOSTS = [
    urlsplit(CONSOLE_URL).hostname or "127.0.0.1",
    "127.0.0.1",
    "localhost",
    *env.names("PARAPET_ALLOWED_HOSTS"),
]
CSRF_TRUSTED_ORIGINS = [CONSOLE_URL]


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(
        f"PARAPET_DATABASE_URL must begin with sqlite:// or postgresql://, not {parts.scheme!r}."
    )


DATABASES = {"default": _database(env.text("PARAPET_DATABASE_URL", f"sqlite://{HOME}/console.sqlite3"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "django_htmx",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "console",
    "console.accounts",
    "console.gateway",
    "console.policies",
    "console.traces",
    "console.dashboards",
    "console.evaluations",
    "console.drift",
    "console.quality",
    "console.datasets",
    "console.experiments",
    "console.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "console.static_files.StaticFiles",
    "console.pages.Unshared",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "console.pages.StoreOutage",
]

ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "console" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "console.accounts.adapter.InvitedOnly"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
# One counter of failures, not two that hide each other: axes'.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
ACCOUNT_SESSION_REMEMBER = True
AXES_USERNAME_CALLABLE = "console.accounts.adapter.name_tried"

IS_HTTPS = CONSOLE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "parapet_session", "parapet_csrf"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

FILE_UPLOAD_HANDLERS = ["console.datasets.importing.memory.InMemory"]

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [
    ROOT / "console" / "static",
    # Plotly lies where reports of suites can read it too, which know no console.
    ("vendor", ROOT / "evaluators" / "reports" / "vendor"),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "console.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "console.api.errors.render",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {"TITLE": "Parapet", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

CELERY = {
    "broker_url": REDIS_URL,
    "task_ignore_result": True,
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_max_tasks_per_child": 500,
    # On a machine that is busy, a child takes longer to begin than Celery would wait.
    "worker_proc_alive_timeout": 60.0,
    "task_time_limit": 600,
    "task_soft_time_limit": 540,
    "task_default_queue": "default",
    # Judgements may queue up; what looks for them must not wait behind them.
    "task_routes": {
        "console.evaluations.tasks.judge": {"queue": "evals"},
        "console.evaluations.tasks.judge_together": {"queue": "gpu"},
        "console.quality.tasks.run_backtest": {"queue": "evals"},
        "console.datasets.tasks.mask_upload": {"queue": "evals"},
        "console.experiments.tasks.work": {"queue": "evals"},
        "console.experiments.tasks.grade": {"queue": "gpu"},
    },
    "broker_transport_options": {"visibility_timeout": 1200, "global_keyprefix": "parapet:celery:"},
    "broker_connection_retry_on_startup": True,
    "timezone": "UTC",
    "beat_schedule": {
        "republish": {
            "task": "console.gateway.tasks.republish",
            "schedule": 60.0,
            "options": {"expires": 60},
        },
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("PARAPET_LOG_LEVEL", "INFO").upper()},
}
