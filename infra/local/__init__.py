"""Private servers for demo, tests and development, so that nothing has to be set up by hand."""
