"""Letters (市长信箱): by e-mail, fetched and answered by the worker, and from the page at /letter."""
