"""Benchmarks: problems, contestants, runs, measures and a report. See ``docs/benchmarks``."""
