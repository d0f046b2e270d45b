"""Plausible history for demonstrations (演示数据): seeded, reproducible, written through the house's own tables."""
