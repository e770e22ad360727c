"""The frame of a job: arguments, session, events, stop, results."""
