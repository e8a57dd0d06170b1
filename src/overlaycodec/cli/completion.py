"""`overlaycodec completion`: the script with which a shell completes the command line."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from overlaycodec.cli.help_text import examples
from overlaycodec.display.output import output_for

__all__ = ["completion"]

_VARIABLE = "_OVERLAYCODEC_COMPLETE"
"""The environment variable by which click is asked for completions: the name that it derives from the program's."""


@click.command(
    no_args_is_help=True,
    short_help="Print a script for completion in a shell.",
    epilog=examples(
        "overlaycodec completion bash > overlaycodec.bash",
        "overlaycodec completion zsh > _overlaycodec",
        "overlaycodec completion fish > overlaycodec.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script with which a shell completes commands, options, files, headers, fields and dialects.

    bash reads it from ~/.local/share/bash-completion/completions/overlaycodec, zsh from a file _overlaycodec in a
    folder of $fpath, fish from ~/.config/fish/completions/overlaycodec.fish.
    """
    made = get_completion_class(shell)
    assert made is not None
    # The method of the base class: that of bash starts a shell to ask for its version.
    text = ShellComplete.source(made(context.find_root().command, {}, "overlaycodec", _VARIABLE))
    output_for("never").write_text(text.rstrip("\n") + "\n")
