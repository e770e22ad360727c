"""What bytes and files mean: Avro, JSON, delimited text, and the checks of each."""
