"""tact context: the stacks that this machine's client commands may call, by name."""

import sys
from typing import Annotated

import typer

from cli.completion import complete_context
from cli.console import AsJson, out, print_json, show
from cli.context import Context, context_file, current, read_contexts, remove_context, store_context, use_context
from cli.errors import CommandError

app = typer.Typer(help="Name the stacks that client commands call, with their tokens.", no_args_is_help=True)
NewName = Annotated[str, typer.Argument(help="The name of the context.")]
Name = Annotated[str, typer.Argument(help="The name of the context.", autocompletion=complete_context)]


@app.command("add")
def add_context(
    name: NewName,
    url: Annotated[str, typer.Option(help="The address of the stack, as in https://tact.example.com.")],
    token: Annotated[
        str | None, typer.Option(help="Its bearer token. Better left out: then it is asked for, or read from standard input.")
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Make it the current context.")] = False,
) -> None:
    """Store the address and the token of a stack, or replace those of that name. The first context becomes the current one."""
    store_context(name, Context(url, token if token is not None else _read_token()), use=use)
    chosen = read_contexts().current == name
    out.print(
        f"Context {name} is stored in {context_file()}{' and is the current one' if chosen else ''}.", highlight=False, soft_wrap=True
    )


@app.command("use")
def choose_context(name: Name) -> None:
    """Let commands call this stack from now on."""
    use_context(name)
    out.print(f"Commands call {read_contexts().named(name).url} now.", highlight=False, soft_wrap=True)


@app.command("list")
def list_contexts(as_json: AsJson = False) -> None:
    """The stored contexts; the current one has a star. Tokens are not shown."""
    stored = read_contexts()
    rows = [
        {"current": name == stored.current if as_json else "*" * (name == stored.current), "name": name, "url": context.url}
        for name, context in sorted(stored.by_name.items())
    ]
    show(rows, title="contexts", as_json=as_json, columns=["current", "name", "url"])


@app.command("show")
def show_context(
    name: Annotated[str | None, typer.Argument(help="Unset: what commands use now.", autocompletion=complete_context)] = None,
    as_json: AsJson = False,
) -> None:
    """The address of a context and whether it has a token. The token is not shown."""
    context = current() if name is None else read_contexts().named(name)
    if as_json:
        print_json({"name": name or read_contexts().current, "url": context.url, "token": bool(context.token)})
        return
    out.print(f"{context.url}   {'with a token' if context.token else 'without a token'}", highlight=False, soft_wrap=True)


@app.command("remove")
def forget_context(name: Name) -> None:
    """Remove a context from this machine. Its token stays valid; `tact token revoke` ends it."""
    was_current = read_contexts().current == name
    remove_context(name)
    out.print(f"Context {name} is removed.{' Choose another one: tact context use NAME' if was_current else ''}", highlight=False)


def _read_token() -> str:
    """From the terminal without echo, or the first line of standard input: an argument would stand in the shell's history."""
    token = typer.prompt("Token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not token.strip():
        raise CommandError("No token was given. Pass one on standard input, or with --token.")
    return str(token).strip()
