"""Sending the rows of a file at a rate."""
