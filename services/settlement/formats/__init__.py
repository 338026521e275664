"""Files that go to the bank and come from it: bytes to what the domain knows, and back; no more is decided here."""
