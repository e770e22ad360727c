"""Would average readings; only its name and its bytes matter to the tests."""
