"""Secrets at rest: encrypted columns in which one unreadable row stays one unreadable row."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from fernet_fields import EncryptedField, hkdf


class SecretSealed(Exception):
    """A stored secret was asked for that none of the keys in FERNET_KEYS opens."""


class Secret(dict[str, Any]):
    """A decrypted secret. It prints its field names only, also in tracebacks and error pages."""

    def __repr__(self) -> str:
        return f"<secret: {', '.join(sorted(map(str, self))) or 'empty'}>"

    __str__ = __repr__


class Sealed:
    """Stands where a secret could not be decrypted: its ciphertext is kept, any use is an error.

    `owner` names the row for people; the model fills it in after loading.
    """

    def __init__(self, ciphertext: bytes, owner: str = "a stored credential") -> None:
        self.ciphertext, self.owner = ciphertext, owner

    def __repr__(self) -> str:
        return f"<sealed secret of {self.owner}>"

    def __bool__(self) -> bool:
        return False

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise SecretSealed(
            f"The secret of {self.owner} cannot be decrypted: no key in FERNET_KEYS fits. "
            "Put the key that it was stored with back into FERNET_KEYS (behind the first one), or "
            "enter the credential again."
        )

    __getitem__ = __iter__ = __len__ = __contains__ = _refuse
    get = keys = values = items = copy = _refuse


class EncryptedJSONField(EncryptedField, models.TextField):
    """A dict of text and numbers, stored as encrypted JSON; loads as `Secret` or `Sealed`.

    The keys are read from settings at each use: encryption takes the first of FERNET_KEYS,
    decryption tries them all, so that a key is replaced by putting a new one in front.
    """

    @property
    def fernet(self) -> MultiFernet:
        keys = getattr(settings, "FERNET_KEYS", None)
        if not keys or not all(keys):
            raise ImproperlyConfigured(
                "FERNET_KEYS is empty: secrets can't be stored without a key"
            )
        return _fernet(tuple(keys), getattr(settings, "FERNET_USE_HKDF", True))

    def from_db_value(
        self, stored: Any, expression: Any, connection: Any
    ) -> Secret | Sealed | None:
        if stored is None:
            return None
        ciphertext = bytes(stored)
        try:
            return Secret(json.loads(self.fernet.decrypt(ciphertext)))
        except InvalidToken:
            return Sealed(ciphertext)

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, (Secret, Sealed)):
            return value
        if not isinstance(value, Mapping):
            # Its type alone: what was given may be the secret itself.
            raise TypeError(f"{self.name} takes a dict, not {type(value).__name__}")
        return Secret(value)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        value = self.to_python(value)
        if value is None:
            return None
        if isinstance(value, Sealed):
            ciphertext = value.ciphertext
        else:
            ciphertext = self.fernet.encrypt(json.dumps(value, sort_keys=True).encode())
        return connection.Database.Binary(ciphertext)

    def value_to_string(self, obj: models.Model) -> str:
        """Serialisers (dumpdata, the admin's history) get the field's shape, never its content."""
        return repr(self.value_from_object(obj))


@lru_cache(maxsize=8)
def _fernet(keys: tuple[str | bytes, ...], derived: bool) -> MultiFernet:
    return MultiFernet([Fernet(hkdf.derive_fernet_key(key) if derived else key) for key in keys])
