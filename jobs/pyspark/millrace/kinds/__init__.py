"""Kinds of inputs and outputs: the module `KIND` has what a spec says of one (`Input`, `Output`) and how a job reads or writes it.

All functions take the job's `spec` and the `alias` that its declaration has for the thing, most of them the session `spark` too. They raise
JobError when the job has no such thing, or a schema cannot be had.
"""
