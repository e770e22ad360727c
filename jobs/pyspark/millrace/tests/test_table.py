"""Tables of a real PostgreSQL: what is written is there exactly, what does not fit is told row by row, and nothing is lost where the database is away."""

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.stop import Interrupted
from millrace.kinds import table
from millrace.postgres import loading
from millrace.postgres.session import Database, DatabaseError, persistently, transaction
from millrace.postgres.shape import Shape, check_frame, shape_of
from millrace.tests.frames import frame_of
from millrace.tests.postgres import Server
from millrace.tests.specs import spec_of

COLUMNS = "id name price at"
TYPES = "id bigint, name string, price decimal(12,2), at timestamp"
NOW = datetime(2026, 5, 21, 10, 3, 0, 123456, tzinfo=UTC)

TABLE = """CREATE TABLE shop.things (
  id bigint PRIMARY KEY, name varchar(8) NOT NULL, price numeric(10,2) CONSTRAINT price_above_zero CHECK (price > 0), at timestamptz,
  seen int DEFAULT 7)"""


@pytest.fixture
def shop(spark: SparkSession, postgres: Server) -> Server:
    """An empty schema with a table."""
    postgres.run(spark, "DROP SCHEMA IF EXISTS shop CASCADE", "CREATE SCHEMA shop", TABLE)
    return postgres


def shape(spark: SparkSession, shop: Server, name: str = "things", columns: str = COLUMNS, key: str = "id") -> Shape:
    with transaction(spark, shop.database) as session:
        return shape_of(session, "shop", name, columns.split(), key.split())


def load(
    spark: SparkSession, shop: Server, rows: DataFrame, *, adds: tuple[str, ...] = (), **of: str
) -> tuple[loading.Loaded, list[dict[str, str]]]:
    """Writes rows; what was done, and the rows that did not fit."""
    found = shape(spark, shop, **of)
    check_frame(found, rows.schema)
    with transaction(spark, shop.database) as session:
        loaded = loading.load(session, found, rows, adds)
        pages = [row for page in loading.refused(session, found) for row in json.loads(page)]
    return loaded, pages


def things(spark: SparkSession, *rows: tuple[object, ...]) -> DataFrame:
    return frame_of(spark, rows, TYPES)


def test_every_kind_of_value_comes_back_as_it_was(spark: SparkSession, shop: Server) -> None:
    shop.run(
        spark,
        """CREATE TABLE shop.kinds (k int PRIMARY KEY, t text, c char(3), b boolean, n numeric, f double precision, d date, z timestamptz,
             l timestamp, x bytea, j jsonb, u uuid)""",
    )
    texts = [
        "plain",
        "",
        "\\N",
        "\\",
        "tab\there",
        "line\nend\r\n",
        "\\.",
        "ünï \U0001f600",
        "'; DROP TABLE x; --",
        '"',
        None,
    ]
    uuid = "123e4567-e89b-42d3-a456-426614174000"
    rows = [
        (
            k,
            text,
            "abc",
            k % 2 == 0,
            Decimal("-12.3400"),
            1e300,
            date(2026, 1, 2),
            NOW,
            NOW.replace(tzinfo=None),
            b"\0\xff\\",
            (1, "é"),
            uuid,
        )
        for k, text in enumerate(texts)
    ]
    types = "k int, t string, c string, b boolean, n decimal(20,4), f double, d date, z timestamp, l timestamp_ntz, x binary, j struct<a:int,b:string>, u string"
    columns = "k t c b n f d z l x j u"
    empty = (99, *[None] * 11)
    loaded, refused = load(spark, shop, frame_of(spark, [*rows, empty], types), name="kinds", columns=columns, key="k")
    assert (loaded.rows, loaded.refused, refused) == (12, {}, [])
    assert [row[0] for row in shop.rows(spark, "SELECT t FROM shop.kinds WHERE k < 99 ORDER BY k")] == texts
    z = "to_char(z AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    [found] = shop.rows(spark, f"SELECT c, b, n, f, d, {z}, l, x, j, u FROM shop.kinds WHERE k = 1")
    at = "2026-05-21 10:03:00.123456"
    assert found == ("abc", "f", "-12.3400", "1e+300", "2026-01-02", at, at, "\\x00ff5c", '{"a": 1, "b": "é"}', uuid)
    [nulls] = shop.rows(spark, "SELECT t, c, b, n, f, d, z, l, x, j, u FROM shop.kinds WHERE k = 99")
    assert nulls == (None,) * 11


def test_a_row_takes_the_place_of_the_one_with_its_key_and_the_last_of_a_batch_counts(
    spark: SparkSession, shop: Server
) -> None:
    load(spark, shop, things(spark, (1, "old", 1, NOW), (2, "kept", 2, NOW)))
    shop.run(spark, "UPDATE shop.things SET seen = 8")
    loaded, _ = load(spark, shop, things(spark, (1, "first", 3, NOW), (3, "new", 4, NOW), (1, "last", 5, None)))
    assert loaded.rows == 2
    assert shop.rows(spark, "SELECT id, name, price, at IS NULL, seen FROM shop.things ORDER BY id") == [
        ("1", "last", "5.00", "t", "8"),
        ("2", "kept", "2.00", "f", "8"),
        ("3", "new", "4.00", "f", "7"),
    ]


def test_values_can_be_added_to_what_is_there_and_then_each_key_comes_once(spark: SparkSession, shop: Server) -> None:
    adds = ("price",)
    for _ in range(2):
        load(spark, shop, things(spark, (1, "a", Decimal("0.10"), NOW), (2, "b", 5, NOW)), adds=adds)
    assert shop.rows(spark, "SELECT id, price FROM shop.things ORDER BY id") == [("1", "0.20"), ("2", "10.00")]
    with pytest.raises(DatabaseError, match="second time"):
        load(spark, shop, things(spark, (1, "a", 1, NOW), (1, "a", 1, NOW)), adds=adds)


def test_what_does_not_fit_is_told_row_by_row_and_the_rest_is_written(spark: SparkSession, shop: Server) -> None:
    good = [(number, "good", number + 1, NOW) for number in range(100)]
    bad: list[tuple[object, ...]] = [
        (200, None, 1, NOW),
        (201, "far too long", 1, NOW),
        (202, "n\0l", 1, NOW),
        (203, "dear", Decimal("9999999999.99"), NOW),
        (204, "free", 0, NOW),
        (None, "keyless", 1, NOW),
    ]
    rows = good[:30] + bad[:3] + good[30:31] + bad[3:] + good[31:]
    loaded, refused = load(spark, shop, things(spark, *rows).repartition(3))
    assert loaded.rows == 100
    assert loaded.refused == {
        "bad-name": 2,
        "bad-price": 1,
        "missing-id": 1,
        "missing-name": 1,
        "violates-price-above-zero": 1,
    }
    assert shop.rows(spark, "SELECT count(*), max(id) FROM shop.things") == [("100", "99")]
    told = {(row["reason"], json.loads(row["row"])["id"]) for row in refused}
    assert told == {
        ("missing-name", "200"),
        ("bad-name", "201"),
        ("bad-name", "202"),
        ("bad-price", "203"),
        ("violates-price-above-zero", "204"),
        ("missing-id", None),
    }
    [nul] = [json.loads(row["row"]) for row in refused if '"202"' in row["row"]]
    assert nul == {"id": "202", "name": "n\0l", "price": "1.00", "at": "2026-05-21 10:03:00.123456+00"}


def test_a_number_is_never_rounded(spark: SparkSession, shop: Server) -> None:
    rows = frame_of(
        spark, [(1, "a", Decimal("1.005"), NOW), (2, "b", Decimal("1.500"), NOW)], TYPES.replace("(12,2)", "(12,3)")
    )
    loaded, refused = load(spark, shop, rows)
    assert (loaded.rows, loaded.refused) == (1, {"bad-price": 1})
    assert json.loads(refused[0]["row"])["price"] == "1.005"


def test_of_the_rows_of_a_key_a_bad_one_does_not_hide_the_good_one(spark: SparkSession, shop: Server) -> None:
    loaded, _ = load(
        spark, shop, things(spark, (1, "first", 1, NOW), (1, "last", 2, NOW), (1, None, 3, NOW)).coalesce(1)
    )
    assert loaded.refused == {"missing-name": 1}
    assert shop.rows(spark, "SELECT name FROM shop.things") == [("last",)]


def test_many_bad_rows_are_told_page_by_page(spark: SparkSession, shop: Server) -> None:
    rows = spark.range(12_001).selectExpr(
        "id", "IF(id % 2 = 0, NULL, 'x') AS name", "CAST(1 AS DECIMAL(12,2)) AS price", "current_timestamp() AS at"
    )
    loaded, refused = load(spark, shop, rows)
    assert (loaded.rows, loaded.refused, len(refused)) == (6_000, {"missing-name": 6_001}, 6_001)


def test_nothing_at_all_may_be_written(spark: SparkSession, shop: Server) -> None:
    assert load(spark, shop, things(spark))[0] == loading.Loaded(0, {})


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ({"name": "thing"}, "Table shop.thing is not in the database. Allowed: a table that a migration has made."),
        ({"columns": "id nmae price"}, "has no column nmae. Allowed: id, name, price, at, seen."),
        ({"columns": "id price"}, "wants a value in name, which is not among the columns. Allowed: id, price."),
        ({"key": "name"}, r"has no unique index of its key \(name\). Allowed: a primary key of these columns."),
        ({"key": "price"}, "allows null in price of its key. Allowed: NOT NULL in each column of the key."),
    ],
)
def test_a_table_of_another_form_is_told_in_one_sentence(
    spark: SparkSession, shop: Server, of: dict[str, str], told: str
) -> None:
    with pytest.raises(JobError, match=told) as caught:
        shape(spark, shop, **of)
    assert caught.value.code == "WRONG_TABLE"


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (
            TYPES.replace("price", "prise"),
            "have no column price. Allowed: those of its declaration; the rows have id, name, prise, at.",
        ),
        (
            TYPES.replace("decimal(12,2)", "string"),
            r"price of table shop.things is numeric\(10,2\), and of type string in the rows.",
        ),
        (TYPES.replace("decimal(12,2)", "double"), r"is numeric\(10,2\), and of type double"),
        (
            TYPES.replace("name string", "name int"),
            r"name of table shop.things is character varying\(8\), and of type int",
        ),
    ],
)
def test_rows_of_another_form_are_told_in_one_sentence(
    spark: SparkSession, shop: Server, types: str, told: str
) -> None:
    with pytest.raises(JobError, match=told) as caught:
        check_frame(shape(spark, shop), frame_of(spark, [], types).schema)
    assert caught.value.code == "WRONG_TABLE"


def test_a_batch_job_writes_all_or_nothing_and_reads_what_is_declared(
    spark: SparkSession, shop: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    part = shop.part("things", COLUMNS, "id")
    spec = spec_of(writes={"things": part}, reads={"things": part | {"columns": ["id", "price"]}})
    events = Events("sum")
    assert (
        table.write(spec, "things", things(spark, *[(number, "a", number + 1, NOW) for number in range(10)]), events)
        == 10
    )
    with pytest.raises(
        JobError, match=r"do not fit table shop.things: 1 missing-name. Nothing was written.*\"id\" : \"11\""
    ) as caught:
        table.write(spec, "things", things(spark, (10, "b", 1, NOW), (11, None, 1, NOW)), events)
    assert caught.value.code == "ROWS_REFUSED"
    for by, partitions in ((None, 1), ("id", 4)):
        found = table.read(spark, spec, "things", events, by)
        assert found.rdd.getNumPartitions() == partitions
        assert found.columns == ["id", "price"]
        assert sorted((row.id, row.price) for row in found.collect()) == [
            (number, Decimal(number + 1)) for number in range(10)
        ]
    with pytest.raises(JobError, match='column "wrong" does not exist') as caught:
        table.read(spark, spec, "things", events, "wrong")
    assert caught.value.code == "DATABASE_FAILED"


def test_a_role_without_a_right_is_told(spark: SparkSession, shop: Server) -> None:
    shop.run(spark, "DROP ROLE IF EXISTS stranger", "CREATE ROLE stranger LOGIN")
    part = shop.part("things", COLUMNS, "id") | {"user": "stranger"}
    with pytest.raises(JobError, match="role stranger: permission denied for schema shop") as caught:
        table.write(spec_of(writes={"things": part}), "things", things(spark), Events("sum"))
    assert caught.value.code == "DATABASE_REFUSED"


def test_a_database_that_is_away_is_waited_for_and_told_of_once(
    spark: SparkSession, shop: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = spec_of(writes={"things": shop.part("things", COLUMNS, "id")})
    shop.stop()
    back = threading.Timer(2, shop.start)
    back.start()
    assert table.write(spec, "things", things(spark, (1, "a", 1, NOW)), Events("sum")) == 1
    back.join()
    away, there = capsys.readouterr().err.splitlines()
    assert away.startswith(
        f"sum: database 127.0.0.1:{shop.port}/postgres is away: Connection to 127.0.0.1:{shop.port} refused"
    )
    assert there.startswith(f"sum: database 127.0.0.1:{shop.port}/postgres is back after ")


def test_a_wait_ends_when_it_is_not_wanted_and_after_its_time(spark: SparkSession) -> None:
    nowhere = Database("jdbc:postgresql://127.0.0.1:1/none", "nobody")

    def sign_in() -> None:
        with transaction(spark, nowhere):
            pass

    with pytest.raises(Interrupted):
        persistently(nowhere, sign_in, Events("sum"), is_over=lambda: True)
    with pytest.raises(JobError, match=r"127\.0\.0\.1:1/none has been away for 0 s: Connection to") as caught:
        persistently(nowhere, sign_in, Events("sum"), seconds=0)
    assert caught.value.code == "DATABASE_AWAY"


def test_changes_are_made_in_their_order_and_then_rows_are_deleted(spark: SparkSession, shop: Server) -> None:
    spec = spec_of(writes={"things": shop.part("things", COLUMNS, "id")})
    first = things(spark, (1, "a", Decimal(1), NOW), (2, "b", Decimal(2), NOW), (3, "c", Decimal(3), NOW))
    second = things(spark, (1, "again", Decimal(4), NOW))
    gone = frame_of(spark, [(2,), (9,)], "id bigint")
    assert table.change(spec, "things", [first, second], gone, Events("job")) == 4
    assert shop.rows(spark, "SELECT id, name FROM shop.things ORDER BY id") == [("1", "again"), ("3", "c")]


def test_where_a_row_does_not_fit_nothing_is_changed_nor_deleted(spark: SparkSession, shop: Server) -> None:
    spec = spec_of(writes={"things": shop.part("things", COLUMNS, "id")})
    table.write(spec, "things", things(spark, (1, "a", Decimal(1), NOW)), Events("job"))
    wrong, gone = things(spark, (2, "much too long", Decimal(1), NOW)), frame_of(spark, [(1,)], "id bigint")
    with pytest.raises(JobError, match="bad-name"):
        table.change(spec, "things", [wrong], gone, Events("job"))
    assert shop.rows(spark, "SELECT id FROM shop.things") == [("1",)]


def test_a_database_that_nobody_follows_keeps_nobody_waiting(spark: SparkSession, shop: Server) -> None:
    spec = spec_of(writes={"things": shop.part("things", COLUMNS, "id")})
    table.wait_until_followed(spark, spec, "things", Events("job"))
