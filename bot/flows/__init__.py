"""One conversation flow a file, each an explicit small state machine over the conversation row."""
