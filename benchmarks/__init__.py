"""Figures beside those of peers, taken in the same run on the same machine: only ratios count."""
