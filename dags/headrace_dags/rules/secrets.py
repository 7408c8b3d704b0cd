"""Rules for secrets: code names them, and never holds or shows their values. No message repeats what was given."""

from __future__ import annotations

import re
from typing import Any

from headrace_dags.misfit import Misfit

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def secret_name(name: Any) -> Misfit | None:
    """``secret-name``: a secret is given by the name of an environment variable, not by its value."""
    if isinstance(name, str) and _NAME.fullmatch(name):
        return None
    write = 'Write hr.Secret("API_TOKEN"), and the value into the environment or into .env'
    return Misfit("secret-name", "a secret is named like an environment variable", "something else", write)


def secret_expected(attribute: str) -> Misfit:
    """``config-value``: what is declared a secret is not written into code."""
    write = f'Write {attribute}=hr.Secret("{attribute.upper()}"), and the value into the environment or into .env'
    return Misfit("config-value", "expects hr.Secret", "a value in the code", write)


def secret_unexpected(attribute: str, expected: str) -> Misfit:
    """``config-value``: a secret goes to an attribute that is declared one."""
    write = f"Declare it {attribute}: hr.Secret, and call .reveal() where the value is needed"
    return Misfit("config-value", f"expects {expected}", "a secret", write)
