"""What must not happen: evidence of everything, alerts that hold claims, the blacklist."""
