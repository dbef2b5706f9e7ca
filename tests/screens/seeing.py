"""What stands on the screen, as text."""

from __future__ import annotations

from textual.app import App


def seen(app: App[object]) -> str:
    """The lines of the topmost screen as a person reads them."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
