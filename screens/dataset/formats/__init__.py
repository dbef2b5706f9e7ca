"""Dialogs that say as what a file is read, and under which mapping of its columns."""
