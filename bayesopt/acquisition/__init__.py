"""Acquisition: what a belief makes a point worth."""
