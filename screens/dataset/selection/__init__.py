"""Dialogs that choose which rows are shown, and in which order."""
