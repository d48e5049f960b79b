"""Contests with several objectives, and with outcome constraints."""
