"""What the customers pipeline does with customers.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats.checks import Check

INSERT, UPDATE, DELETE = KINDS = ("insert", "update", "delete")

OF_TEN = 10
"""Changes that belong together: of the customers that the first seven take on, one or two are corrected by the next two, and the last deletes one."""
TAKEN_ON = 7

DAYS_OF_YEAR = 365.25

FIRST_NAMES = {
    "F": ("Ada", "Clara", "Elena", "Grace", "Irina", "Maria", "Olga", "Rosa", "Sofia", "Vera"),
    "M": ("Alan", "Boris", "Carl", "Felix", "Ivan", "Leo", "Max", "Oscar", "Paul", "Viktor"),
}
LAST_NAMES = ("Berger", "Costa", "Dubois", "Fischer", "Ivanova", "Jansen", "Moreau", "Novak", "Rossi", "Silva")
STREETS = ("Bridge Street", "Garden Lane", "Harbour Road", "Mill Lane", "Station Square")
TOWNS = ("Bergen", "Graz", "Kazan", "Leiden", "Porto", "Turin")
PROFESSIONS = ("baker", "carpenter", "engineer", "nurse", "pilot", "tailor", "teacher")
FIRST_BIRTHDATE, BIRTHDATES = "1940-01-01", 24_000
UNKNOWN_OF = 50
"""Of so many birthdates one is not known."""


# --- the writer


def changes(numbers: DataFrame, seed: int) -> DataFrame:
    """Makes changes of customers, each from the seed and its own number, so that the same seed makes the same.

    Args:
        numbers: `position` (bigint).
        seed: whose customers.

    Returns:
        `position`, `kind` (string), `customer` (bigint): the position of the change that took the customer on, and what the customer is then: `name`, `gender`,
        `address`, `phone`, `email`, `photo`, `birthdate` (date) and `profession`. A correction leaves name, gender, mail and photo as they were.
    """
    place, block = F.col("position") % OF_TEN, F.col("position") - F.col("position") % OF_TEN
    # Corrections are of different customers, so that both are seen however many changes are made at once.
    chosen = (
        F.when(place < TAKEN_ON, place)
        .when(place == TAKEN_ON, 2 * _draw(seed, "corrected", 4))
        .when(place == TAKEN_ON + 1, 2 * _draw(seed, "corrected", 3) + 1)
        .otherwise(_draw(seed, "deleted", TAKEN_ON))
    )
    kind = F.when(place < TAKEN_ON, INSERT).when(place < OF_TEN - 1, UPDATE).otherwise(DELETE)
    found = numbers.select("position", kind.alias("kind"), (block + chosen).alias("customer"))
    is_woman = _draw(seed, "gender", 2, "customer") == 0
    first, last = _draw(seed, "first name", 10, "customer"), _draw(seed, "last name", len(LAST_NAMES), "customer")
    named = F.when(is_woman, _one_of(FIRST_NAMES["F"], first)).otherwise(_one_of(FIRST_NAMES["M"], first))
    drawn = found.select(
        "*",
        F.concat(named, F.lit(" "), _one_of(LAST_NAMES, last)).alias("name"),
        F.when(is_woman, "F").otherwise("M").alias("gender"),
    )
    number = F.col("customer").cast("string")
    house = (_draw(seed, "house", 99) + 1).cast("string")
    street, town = _one_of(STREETS, _draw(seed, "street", 5)), _one_of(TOWNS, _draw(seed, "town", 6))
    born = F.date_add(F.lit(FIRST_BIRTHDATE).cast("date"), _draw(seed, "birthdate", BIRTHDATES).cast("int"))
    return drawn.select(
        "*",
        F.concat(house, F.lit(" "), street, F.lit(", "), town).alias("address"),
        F.concat(F.lit("+00 "), F.lpad(_draw(seed, "phone", 10**9).cast("string"), 9, "0")).alias("phone"),
        F.concat(F.lit("customer-"), number, F.lit("@example.com")).alias("email"),
        F.concat(F.lit("photos/"), number, F.lit(".jpg")).alias("photo"),
        F.when(_draw(seed, "is unknown", UNKNOWN_OF) > 0, born).alias("birthdate"),
        _one_of(PROFESSIONS, _draw(seed, "profession", len(PROFESSIONS))).alias("profession"),
    )


def _draw(seed: int, what: str, below: int, of: str = "position") -> Column:
    """A whole number from 0, of its own for each thing that is decided."""
    return F.pmod(F.xxhash64(F.lit(seed), F.lit(what), of), F.lit(below).cast("bigint"))


def _one_of(names: tuple[str, ...], number: Column) -> Column:
    return F.element_at(F.array(*[F.lit(name) for name in names]), (number + 1).cast("int"))


# --- the stream


def birthdate_checks() -> list[Check]:
    """What can be wrong with the birthdate of a change, besides its form: that there is no such day, or that it comes after the change."""
    given = F.col("event.birthdate")
    day = _day(given)
    return [("bad-birthdate", given.isNotNull() & (day.isNull() | (day > _date(F.col("event.dt_update")))))]


def states(changes: DataFrame) -> DataFrame:
    """What each change says of its customer.

    Args:
        changes: `id` (bigint), `gender`, `birthdate` (string), `dt_update` (timestamp), `__deleted` (string) and `__lsn` (bigint).

    Returns:
        `id`, `gender`, `age` (int): whole years on the day of the change, null where the birthdate is not known; `deleted` (boolean) and `lsn` (bigint).
    """
    days = F.date_diff(_date(F.col("dt_update")), _day(F.col("birthdate")))
    age = F.round(days / F.lit(DAYS_OF_YEAR)).cast("int")
    deleted = (F.col("__deleted") == "true").alias("deleted")
    return changes.select("id", "gender", age.alias("age"), deleted, F.col("__lsn").alias("lsn"))


def latest(states: DataFrame) -> DataFrame:
    """The last state of each customer, by the log of the database: a connector that starts again may send some changes once more.

    Args:
        states: those of a batch, as `states` makes them.

    Returns:
        The same columns, each `id` once.
    """
    last = states.groupBy("id").agg(F.max_by(F.struct(*states.columns), F.struct("lsn", "deleted")).alias("last"))
    return last.select("last.*")


BY_GENDER = """
SELECT g.gender, count(c.id) FILTER (WHERE NOT c.deleted) AS customers,
  round(avg(c.age) FILTER (WHERE NOT c.deleted), 2) AS average_age,
  count(c.id) FILTER (WHERE c.deleted) AS deleted
FROM (VALUES ('F'), ('M')) AS g (gender) LEFT JOIN {latest} AS c USING (gender)
GROUP BY g.gender"""
"""Makes the sums of the latest states, in the database that has them."""

BY_GENDER_COLUMNS = "gender string, customers bigint, average_age decimal(5,2), deleted bigint"


# --- the archive


def history(changes: DataFrame) -> DataFrame:
    """Changes as they are kept.

    Args:
        changes: `value` (struct) of each record; null where the topic was told to forget a key, which says nothing that the change before did not.

    Returns:
        The customer, `deleted` (boolean) and `lsn` (bigint).
    """
    told = changes.where(F.col("value").isNotNull()).select("value.*")
    deleted = (F.col("__deleted") == "true").alias("deleted")
    names = ("id", "name", "gender", "address", "phone", "email", "photo", "birthdate", "profession", "dt_update")
    return told.select(*names, deleted, F.col("__lsn").alias("lsn"))


def _day(text: Column) -> Column:
    """The day that a text says, without its zone; null for none."""
    return F.rtrim(text, F.lit("Z")).try_cast("date")


def _date(moment: Column) -> Column:
    return moment.cast("date")
