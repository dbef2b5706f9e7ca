"""What two screens share: status line, key line, dialogs, empty panes."""
