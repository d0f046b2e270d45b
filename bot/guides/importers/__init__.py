"""Readers of the formats guides come in; each returns guides and an honest list of findings."""
