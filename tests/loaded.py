"""What processes for tests are forked from: the product, loaded once, no connection open."""

import django

django.setup()

# Everything that a worker reaches, so that no fork has to read it again.
from audit.engine import drain, poll, prepare  # noqa: E402, F401
from config import urls  # noqa: E402, F401
