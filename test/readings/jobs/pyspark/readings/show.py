"""Would show averages; only its name and its bytes matter to the tests."""
