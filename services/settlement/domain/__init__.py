"""Pure rules of settlement: `now`, ids and the pack are arguments; no I/O, no framework."""
