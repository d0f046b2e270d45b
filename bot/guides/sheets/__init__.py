"""Guides as a plain spreadsheet (表格): one sheet for each kind of row, out and in again without a loss."""
