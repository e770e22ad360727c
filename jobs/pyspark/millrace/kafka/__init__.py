"""Kafka's client settings, and records that a stream sets aside."""
