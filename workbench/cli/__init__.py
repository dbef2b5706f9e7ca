"""The command line: the app without the app. Every command imports what it needs inside itself."""

from __future__ import annotations

from workbench.cli.root import app

__all__ = ["app"]
