"""Surrogates: what is believed of the objective."""
