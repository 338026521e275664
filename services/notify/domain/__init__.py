"""Pure: who is told what, what the board shows, and what becomes of a mail."""
