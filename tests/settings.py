"""The real settings in a made-up environment, for tests and for `make check`.

A module of settings, not a fixture: pytest-django loads settings before it reads any conftest.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="ml-connector-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

# A developer's own .env must not decide what tests see. DATABASE_URL of the environment counts.
for _name, _text in {
    "ENV_FILE": "",
    "SECRET_KEY": "tests only: signs nothing that anybody relies on, and is long enough",
    "FERNET_KEYS": "tests only: encrypts made-up tokens and nothing else at all",
    "BASE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    "DATABASE_URL": f"sqlite:///{_folder}/outside-tests.sqlite3",
    "SPOOL_DIR": str(_folder / "spool"),
}.items():
    if not os.environ.get(_name):
        os.environ[_name] = _text

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, ON_SQLITE  # noqa: E402

if ON_SQLITE:
    # A file, not Django's shared memory: the engine's threads and the processes that tests start
    # have connections of their own, and locks, WAL and IMMEDIATE exist for files only. The folder
    # is this process's own, so runs side by side don't meet.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}

# Hashing that is slow on purpose is no use where the password is "secret".
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Look a static file up when it is asked for instead of listing them all for every client.
WHITENOISE_AUTOREFRESH = True
