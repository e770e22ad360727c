"""The social pipeline's transforms; its entry points lie beside them and are shipped as single files."""
