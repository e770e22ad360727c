"""What the jobs of every pipeline share: arguments, Kafka in and out, Avro framing, the registry, dead letters, progress. Knows no pipeline."""
