"""The rules of supervision, pure: facts in, findings and verdicts out."""
