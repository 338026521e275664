"""Scenarios: a story in YAML, played against the real services, with what is expected beside what came."""
