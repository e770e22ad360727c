"""The orders pipeline's own transforms; its entry points lie beside them and are shipped as single files."""
