"""The books of a service as it tells them, and as another keeps them: rows in columns, sketches of them, tellings."""
