"""registry: who may take part, and with what."""
