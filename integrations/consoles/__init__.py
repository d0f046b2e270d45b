"""Consoles (工作台) and citizen pages: views, templates and the front end."""
