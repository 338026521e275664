"""registry's rules: pure functions over frozen records; time, packs and ids are arguments."""
