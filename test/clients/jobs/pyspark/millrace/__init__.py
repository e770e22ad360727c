"""What jobs share; empty, since no test runs these jobs."""
