"""From a conversation to token ids and a loss mask: the one tokenisation path."""
