"""``headrace completion``: the script that teaches a shell our commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from headrace.cli.options import examples


@click.command(
    epilog=examples(
        'eval "$(headrace completion bash)"',
        'eval "$(headrace completion zsh)"',
        "headrace completion fish > ~/.config/fish/completions/headrace.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(ctx.find_root().command, {}, "headrace", "_HEADRACE_COMPLETE").source())
