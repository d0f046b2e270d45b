"""The engine, its two kinds of session, and the migrations."""
