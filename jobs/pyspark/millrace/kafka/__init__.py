"""Kafka's client settings and the records that a stream sets aside."""
