"""From a file to rows, to conversations, to token ids and a loss mask: the one tokenisation path."""
