"""All settings; what differs between machines is read from the environment by ``config.env``."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_dotenv(BASE_DIR / ".env")

# --- what kind of place this is -------------------------------------------------------------
DEBUG = env.flag("DEBUG", False, why="true shows errors in the browser; never in production")
DEMO = env.flag("TIEBREAK_DEMO", False, why="true marks a demo: sample logins on the sign-in page")
SECRET_KEY = env.text(
    "SECRET_KEY", why="a long random text; make one with: openssl rand -base64 48"
)
if len(SECRET_KEY) < 32 or SECRET_KEY.startswith("change-me"):
    raise ImproperlyConfigured(
        "SECRET_KEY is too weak: set at least 32 random characters (openssl rand -base64 48)."
    )
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", why="host names served, separated by commas"
)
CSRF_TRUSTED_ORIGINS = env.words(
    "CSRF_TRUSTED_ORIGINS", why="origins such as https://label.example.org behind a proxy"
)
VAR_DIR = env.folder(
    "TIEBREAK_VAR", BASE_DIR / "var", why="where the database, uploads, datasets and models live"
)

VAR_DIR.mkdir(parents=True, exist_ok=True)  # SQLite makes its file, not its folder

# --- applications ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "annotate.apps.AnnotateConfig",
    "curation.apps.CurationConfig",
    "modeling.apps.ModelingConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "django_htmx",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "annotate.uploads.LargeBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.language.PreferredLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.site",
            ]
        },
    }
]

# --- database -------------------------------------------------------------------------------
DATABASE_URL = env.text(
    "DATABASE_URL",
    f"sqlite:///{VAR_DIR / 'tiebreak.sqlite3'}",
    why="sqlite:///path or postgres://user:password@host/name",
)
DATABASES: dict[str, dict[str, Any]] = {"default": dict(dj_database_url.parse(DATABASE_URL))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "config.sqlite"
    DATABASES["default"]["CONN_MAX_AGE"] = None  # closing the last one empties the log each time
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {  # planning cost more than running
        "server_side_binding": True,
        "prepare_threshold": 5,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- jobs -----------------------------------------------------------------------------------
CELERY_BROKER_URL = env.text(
    "CELERY_BROKER_URL",
    "filesystem://localhost/",
    why="redis://host:6379/0, or filesystem://localhost/ on one machine",
)
BROKER_DIR = VAR_DIR / "broker"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.1,
    }
    for folder in ("messages", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
TICK_SECONDS = env.integer("TICK_SECONDS", 5, why="how often due jobs are looked for")
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "annotate.tick", "schedule": TICK_SECONDS, "options": {"expires": 30}},
    "advance": {"task": "modeling.advance", "schedule": TICK_SECONDS, "options": {"expires": 30}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
RUN_LEASE_SECONDS = env.integer(
    "RUN_LEASE_SECONDS", 30, why="a job whose worker is silent for this long is picked up again"
)

# --- annotation -----------------------------------------------------------------------------
LEASE_SECONDS = env.integer(
    "LEASE_SECONDS", 300, why="how long an item stays reserved for the annotator who opened it"
)
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_BYTES", 512 * 2**20, why="largest file to import")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100  # a page of 2,000 steps

# --- scoring ----------------------------------------------------------------------------------
SCORER_SOCKET = env.folder(
    "SCORER_SOCKET",
    VAR_DIR / "scorer" / "socket",
    why="where the scorer listens, in a folder of its own that only its user may enter",
)
SCORER_MODELS = env.integer("SCORER_MODELS", 3, why="how many models the scorer keeps warm")
SCORER_MEMORY_MB = env.integer(
    "SCORER_MEMORY_MB", 8_192, why="what the weights of those models may take together"
)
SCORER_SECONDS = env.integer("SCORER_SECONDS", 60, why="how long a score request may take")

# --- Hugging Face Hub -------------------------------------------------------------------------
HF_ENDPOINT = env.text(
    "HF_ENDPOINT", "https://huggingface.co", why="the Hugging Face Hub, or one that speaks as it"
).rstrip("/")
HF_TOKEN = env.text(
    "HF_TOKEN", "", why="a token that may write to the Hub; empty asks for one with each export"
)

# --- judges ---------------------------------------------------------------------------------
JUDGE_ENDPOINT = env.text(
    "JUDGE_ENDPOINT",
    "",
    why="base address of an OpenAI-compatible API, such as https://api.openai.com/v1",
)
JUDGE_API_KEY = env.text("JUDGE_API_KEY", "", why="the key of that API; it is stored nowhere else")
JUDGE_MODELS = env.words(
    "JUDGE_MODELS",
    why="models that may judge, separated by commas: NAME, NAME=IN/OUT with the prices of a "
    "million tokens read and written, or local:PATH",
)
JUDGE_REQUESTS_PER_MINUTE = env.integer(
    "JUDGE_REQUESTS_PER_MINUTE", 60, why="most requests a minute of one judge; 0 sets no limit"
)
JUDGE_PARALLEL = env.integer("JUDGE_PARALLEL", 4, why="questions that a judge is asked at once")
JUDGE_MAX_TOKENS = env.integer("JUDGE_MAX_TOKENS", 1024, why="longest reply of a judge, in tokens")

# --- accounts -------------------------------------------------------------------------------
AUTH_USER_MODEL = "annotate.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
ACCOUNT_ADAPTER = "annotate.accounts.ClosedSignupAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_PRESERVE_USERNAME_CASING = True
ACCOUNT_FORMS = {"login": "annotate.accounts.SignInForm"}
EMAIL_HOST = env.text("EMAIL_HOST", "", why="the mail server for new passwords; empty sends none")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'dummy'}.EmailBackend"
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", "tiebreak@localhost", why="the sender of those mails"
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "annotate:project-list"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CELERY_BROKER_URL,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tiebreak_cache",
    }
}
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db"
    if CELERY_BROKER_URL.startswith("redis")
    else "django.contrib.sessions.backends.db"
)

# --- API ------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotate.api.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["annotate.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"login": "10/min"},
    "EXCEPTION_HANDLER": "annotate.api.errors.api_exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "ENUM_NAME_OVERRIDES": {
        "ItemKind": "annotate.answers.KINDS",
        "DatasetKind": "curation.recipe.KINDS",
    },
    "TITLE": "Tiebreak API",
    "DESCRIPTION": "Collect judgments, build datasets, train reward models, turn the loop.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- security -------------------------------------------------------------------------------
HTTPS = env.flag("HTTPS", not DEBUG, why="false only where no TLS is in front, as on localhost")
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.flag("BEHIND_PROXY", False, why="true when a proxy sets X-Forwarded-Proto")
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)
REST_FRAMEWORK["NUM_PROXIES"] = int(BEHIND_PROXY)  # whose address the sign-in throttle counts
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

# --- files, language, logs ------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = env.folder("STATIC_ROOT", VAR_DIR / "static", why="where collectstatic writes")
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing folder
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(VAR_DIR / "files")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or DEMO
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or DEMO
DATASET_DIR = VAR_DIR / "datasets"
EXPORT_DIR = VAR_DIR / "exports"
CHECKPOINT_DIR = VAR_DIR / "checkpoints"
JOB_DIR = VAR_DIR / "jobs"
CACHE_DIR = VAR_DIR / "cache"
SERVED_DIR = VAR_DIR / "served"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"hide_secrets": {"()": "config.logs.HideSecrets"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["hide_secrets"],
        }
    },
    "root": {
        "handlers": ["console"],
        "level": env.text("LOG_LEVEL", "INFO", why="DEBUG, INFO, WARNING or ERROR"),
    },
}
