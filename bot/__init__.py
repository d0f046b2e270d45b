"""The conversation: what a citizen says, and what the hotline answers."""
