"""A study as one self-contained HTML page."""

from bayesopt.visualization.report.page import write_report

__all__ = ["write_report"]
