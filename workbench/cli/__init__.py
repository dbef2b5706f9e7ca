"""The command line: the app without the app. Every command imports what it needs inside itself.

Nothing is imported here: the app opens through `workbench.cli.opening`, without typer.
"""
