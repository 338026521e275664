"""notify: who hears of it, and the public board."""
