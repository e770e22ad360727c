"""The frame of a job: its spec, session, events and end."""
