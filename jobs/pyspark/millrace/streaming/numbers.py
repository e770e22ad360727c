"""The numbers of batches, by which readers tell the later of two results of a key: the moment at which a batch was planned, and a lead, which grows
when the clock is set back, so that numbers never do.
"""

from __future__ import annotations

from dataclasses import dataclass

from millrace.errors import JobError
from millrace.streaming.checkpoint import LEADS, Checkpoint


@dataclass(frozen=True)
class Lead:
    """By how much numbers are ahead of the clock."""

    ms: int
    is_repeating: bool = False
    """Whether this is of a batch that is to be repeated, and may be too little after it."""


def lead(checkpoint: Checkpoint, now_ms: int) -> Lead:
    """The lead of the next batches; remembered beside the checkpoint, since a batch that is repeated keeps its moment.

    Raises:
        JobError: CHECKPOINT_DAMAGED.
    """
    leads = {int(first): int(ms) for first, ms in (checkpoint.read(LEADS) or {}).items()}
    finished, planned = checkpoint.last_finished(), checkpoint.last_planned()
    before = -1 if finished is None else finished
    so_far = max((ms for first, ms in leads.items() if first <= max(before, 0)), default=0)
    least = 0 if finished is None else checkpoint.planned_ms(finished) + so_far + 1
    repeated = planned is not None and planned != finished
    moment_ms = checkpoint.planned_ms(planned) if planned is not None and repeated else now_ms
    # What was found for it before it was planned holds, so that its number is the same again.
    ms = max(so_far, least - moment_ms, leads.get(planned, 0) if planned is not None and repeated else 0)
    now = {max(before, 0): so_far, before + 1: ms}
    if now != leads and any(now.values()):
        checkpoint.write(LEADS, {str(first): value for first, value in now.items()})
    return Lead(ms, is_repeating=repeated and now_ms <= moment_ms)


def lead_of_rebuild(checkpoint: Checkpoint, now_ms: int) -> int:
    """The lead of a stream that begins anew over the results of this checkpoint, which may be damaged: then nothing tells it."""
    try:
        return lead(checkpoint, now_ms).ms
    except JobError:
        return 0
