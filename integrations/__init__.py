"""The edges: settings, database, web, channels and background work. The only package that knows all others."""
