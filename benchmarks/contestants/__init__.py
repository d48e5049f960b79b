"""The contestants: a small adapter for each tool."""
