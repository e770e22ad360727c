"""Streams: events judged by what their records say, and the one query that writes results and dead letters."""
