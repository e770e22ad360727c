"""What the jobs of every pipeline share; knows no pipeline."""
