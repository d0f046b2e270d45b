"""Measurements of the house, each in one run on one machine; `./hotline bench` prints them and keeps the figures."""
