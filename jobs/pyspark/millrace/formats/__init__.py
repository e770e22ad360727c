"""What bytes and files mean: Avro, JSON and delimited text, and what can be wrong with each."""
