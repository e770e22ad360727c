"""By what the history knows a purchase that it has already."""

import pytest
from pyspark.sql import SparkSession

from millrace.job.events import Events
from millrace.kinds import dataset
from millrace.tests.specs import spec_of
from retail import archive


def test_a_purchase_is_known_by_its_transaction_and_its_line(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By less, lines of one transaction would be lost; by more, what was enriched twice would be there twice."""
    given: dict[str, object] = {}

    def append_new(_spark: object, _spec: object, alias: str, source: str, _events: object, **named: object) -> object:
        given.update(alias=alias, source=source, **named)
        return dataset.Appended()

    monkeypatch.setattr(archive, "session", lambda *_: spark)
    monkeypatch.setattr(dataset, "append_new", append_new)
    archive.main(spec_of(mode="batch"), Events("archive"))
    assert given == {"alias": "history", "source": "enriched", "key": ("transaction_id", "line")}
