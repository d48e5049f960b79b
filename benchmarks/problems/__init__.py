"""The problems, by suite; nothing of a suite is loaded before it is asked for."""
