"""What each service says has happened, one module a producer, one class a version."""
