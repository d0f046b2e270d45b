"""Words before decisions: normalising, redacting, vectors, names and places."""
