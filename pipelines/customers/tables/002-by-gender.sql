-- The last known state of each customer, also of those who were deleted since.
CREATE TABLE customer_latest (
  id bigint PRIMARY KEY,
  gender char(1) NOT NULL,
  age integer,
  deleted boolean NOT NULL
);
-- What they add up to.
CREATE TABLE by_gender (
  gender char(1) PRIMARY KEY,
  customers bigint NOT NULL,
  average_age numeric(5, 2),
  deleted bigint NOT NULL
);
COMMENT ON COLUMN by_gender.average_age IS 'Of those whose birthdate is known';
