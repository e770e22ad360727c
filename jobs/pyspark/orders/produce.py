"""Sends each line of the orders file as an order to the orders topic; lines that are no order go to a rejects file."""

from __future__ import annotations

import sys

from millrace.formats.lines import WHOLE_FILE
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file
from millrace.sending.file_sender import Sending, send_file
from orders import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, check, send."""
    spark = session(spec, WHOLE_FILE)
    checked = file.read_lines(spark, spec, "orders", spec.integer("rows"))
    sending = Sending(
        "orders",
        transforms.KEPT_COLUMNS,
        transforms.NUMBERING,
        transforms.orders_to_send,
        key=transforms.NUMBERING.column,
    )
    send_file(spec, events, checked, sending)


if __name__ == "__main__":
    sys.exit(run(main))
