"""Request and response of every method, one module a service, with who may call it."""
