"""PostgreSQL: sessions of a job, what a table is really like, and how rows get into it."""
