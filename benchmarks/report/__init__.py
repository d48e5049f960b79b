"""The report: a Markdown page with tables and plots from files of results."""
