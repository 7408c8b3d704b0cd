"""The option of processes that end with the one that started them."""

from __future__ import annotations

import click

PARENT = click.option("--parent", type=int, default=0, hidden=True, help="End when this process is gone.")
