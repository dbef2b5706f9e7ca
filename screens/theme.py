"""Colours: calm greys, one accent, and three colours that mean something."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

DARK = Theme(
    name="workbench",
    primary="#5fb3b3",
    secondary="#7a8ba0",
    accent="#5fb3b3",
    foreground="#d0d7de",
    background="#0d1117",
    surface="#11161d",
    panel="#1b222c",
    success="#6cc070",
    warning="#d9a441",
    error="#e5736b",
    dark=True,
    variables={
        "border": "#5fb3b3",
        "border-blurred": "#30363d",
        # Textual's own are "auto" colours, which a Content span paints at full strength.
        "text-muted": "#8b949e",
        "text-disabled": "#5c6570",
        "button-focus-text-style": "bold",
        "block-cursor-background": "#23404a",
        "block-cursor-foreground": "#e6edf3",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#1b2b33",
        "block-cursor-blurred-foreground": "#d0d7de",
        "input-selection-background": "#2f5e66",
        "scrollbar": "#30363d",
        "scrollbar-background": "#11161d",
        "scrollbar-corner-color": "#11161d",
        "scrollbar-background-hover": "#11161d",
        "scrollbar-background-active": "#11161d",
        "scrollbar-hover": "#4a5563",
        "scrollbar-active": "#5fb3b3",
    },
)

LIGHT = Theme(
    name="workbench-light",
    primary="#1f6f78",
    secondary="#57606a",
    accent="#1f6f78",
    foreground="#1f2328",
    background="#ffffff",
    surface="#f6f8fa",
    panel="#eaeef2",
    success="#1a7f37",
    warning="#9a6700",
    error="#cf222e",
    dark=False,
    variables={
        "border": "#1f6f78",
        "border-blurred": "#d0d7de",
        "button-focus-text-style": "bold",
        "block-cursor-background": "#c3dfe0",
        "block-cursor-foreground": "#1f2328",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#e0eeee",
        "block-cursor-blurred-foreground": "#1f2328",
        "input-selection-background": "#a9d3d5",
        "text-muted": "#59636e",
        "text-disabled": "#8c959f",
    },
)

# For terminals that draw box characters two cells wide, as some do under a Chinese locale.
ASCII = replace(DARK, name="workbench-ascii")

THEMES = (DARK, LIGHT, ASCII)
