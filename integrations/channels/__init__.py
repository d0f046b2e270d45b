"""Channels (渠道): one folder a provider, each a thin adapter between its words and ours."""
