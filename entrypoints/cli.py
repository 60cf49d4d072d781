"""The command `invekto`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from entrypoints.config import OPERATOR_KEY, ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        print(f"invekto: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="invekto", description="Sales and support for sellers")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start everything in one terminal")
    up.add_argument("--sandbox", action="store_true", help="with the vendors' sandboxes")
    up.set_defaults(run=_up)

    demo = commands.add_parser("demo", help="start everything and show the main job")
    demo.add_argument("--once", action="store_true", help="end by itself when it has shown it")
    demo.set_defaults(run=_demo)

    sandbox = commands.add_parser("sandbox", help="play the vendors over HTTP")
    sandbox.add_argument("--host", default="127.0.0.1")
    sandbox.add_argument("--port", type=int, default=9100)
    sandbox.set_defaults(run=_sandbox)

    step = commands.add_parser("migrate", help="bring the database up to date")
    step.set_defaults(run=_migrate)

    ready = commands.add_parser("prepare", help="migrate, and keep an operator's key in a file")
    ready.set_defaults(run=_prepare)

    key = commands.add_parser("operator-key", help="issue a key of the operator and print it")
    key.add_argument("name", help="what the key is for")
    key.set_defaults(run=_operator_key)

    vault = commands.add_parser("vault", help="the tenants' sealed secrets")
    vaults = vault.add_subparsers(required=True, metavar="COMMAND")
    rotate = vaults.add_parser("rotate", help="re-seal everything under the first master key")
    rotate.set_defaults(run=_rotate)
    fresh = vaults.add_parser("new-key", help="print a new master key")
    fresh.set_defaults(run=_new_master_key)

    plugin = commands.add_parser("plugin", help="for plugin authors")
    plugins = plugin.add_subparsers(required=True, metavar="COMMAND")
    new = plugins.add_parser("new", help="make a plugin whose tests pass at once")
    new.add_argument("name", help="a slug: lower-case letters, digits and underscores")
    new.add_argument("--family", default="carrier", help="what it offers (default: carrier)")
    new.add_argument("--folder", type=Path, default=Path(), help="where to make it")
    new.set_defaults(run=_plugin_new)
    table = plugins.add_parser("matrix", help="refresh the table in plugins/README.md")
    table.set_defaults(run=_plugin_matrix)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    from entrypoints.processes import bring_up

    running = bring_up(sandbox=arguments.sandbox)
    print(f"\n  API        {running.url}/api/v1\n  API docs   {running.url}/api/docs")
    print(f"  Your key   {running.data / OPERATOR_KEY} (the operator's)")
    if running.sandbox:
        print(f"  Sandboxes  {running.sandbox}")
    print("  Ctrl-C stops everything.\n", flush=True)
    return running.supervisor.run()


def _demo(arguments: argparse.Namespace) -> int:
    from entrypoints.demo import DemoFailed, show
    from entrypoints.processes import bring_up

    running = bring_up(sandbox=True, level="warning")
    try:
        show(running)
    except DemoFailed as failure:
        print(f"\n  The demo failed: {failure}\n", flush=True)
        if arguments.once:
            running.supervisor.stop()
            return 1
    if arguments.once:
        running.supervisor.stop()
        return 0
    print(f"  It goes on running. API docs: {running.url}/api/docs")
    print("  Ctrl-C stops everything.\n", flush=True)
    return running.supervisor.run()


def _sandbox(arguments: argparse.Namespace) -> int:
    from entrypoints.bootstrap import SystemClock
    from entrypoints.registry import discover
    from entrypoints.sandbox import serve

    serve(arguments.host, arguments.port, discover().manifests, SystemClock())
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from adapters.sql.migrate import migrate
    from entrypoints.config import from_environment

    migrate(from_environment().migrations_url.reveal())
    print("the database is up to date")
    return 0


def _prepare(_: argparse.Namespace) -> int:
    from adapters.sql.migrate import migrate
    from entrypoints.bootstrap import build
    from entrypoints.config import from_environment
    from entrypoints.founding import keep_operator_key

    config = from_environment()
    migrate(config.migrations_url.reveal())
    file = config.data / OPERATOR_KEY
    if not file.exists():
        house = build(config, part="prepare")
        keep_operator_key(house, file)
        house.close()
    return 0


def _operator_key(arguments: argparse.Namespace) -> int:
    from entrypoints.bootstrap import build
    from entrypoints.config import from_environment
    from entrypoints.founding import operator_key

    print(operator_key(build(from_environment(), part="cli"), arguments.name))
    return 0


def _rotate(_: argparse.Namespace) -> int:
    from entrypoints.bootstrap import build
    from entrypoints.config import from_environment

    house = build(from_environment(), part="cli")
    done = house.rotate_vault()
    print(f"{done.wrapped} data keys are wrapped anew, {done.sealed} connections are sealed anew")
    for tenant in done.lost:
        print(f"invekto: tenant {tenant} has something that does not open", file=sys.stderr)
    return 1 if done.lost else 0


def _new_master_key(_: argparse.Namespace) -> int:
    from adapters.vault.masters import generate

    print(generate())
    return 0


def _plugin_new(arguments: argparse.Namespace) -> int:
    from entrypoints.plugin_new import create

    try:
        made = create(arguments.name, arguments.family, arguments.folder)
    except (ValueError, FileExistsError) as error:
        print(f"invekto: {error}", file=sys.stderr)
        return 2
    print(f"{made} is ready: cd {made} && pip install -e . --group dev && pytest")
    return 0


def _plugin_matrix(_: argparse.Namespace) -> int:
    from entrypoints.plugin_matrix import refresh
    from entrypoints.registry import discover

    path = Path(__file__).parents[1] / "plugins" / "README.md"
    print(f"{path} {'is new' if refresh(path, discover(strangers=())) else 'was fresh'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
