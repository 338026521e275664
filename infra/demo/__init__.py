"""One year of a programme through all five services, in some minutes, on a simulated clock."""
