"""The commands of settlement, topic by topic."""

from __future__ import annotations

import click

from services.settlement import bank_cli

commands: list[click.Command] = [*bank_cli.commands]
