"""The commands of settlement, topic by topic."""

from __future__ import annotations

import click

from services.settlement import audit_cli, bank_cli

commands: list[click.Command] = [*audit_cli.commands, *bank_cli.commands]
