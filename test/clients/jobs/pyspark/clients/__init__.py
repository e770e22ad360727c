"""The package of the invented pipeline."""
