-- Customers as the company knows them.
CREATE TABLE customer (
  id bigint PRIMARY KEY,
  name varchar(100) NOT NULL,
  gender char(1) NOT NULL CHECK (gender IN ('F', 'M')),
  address varchar(200),
  phone varchar(40),
  email varchar(100),
  photo varchar(200),
  birthdate date,
  profession varchar(60),
  dt_update timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN customer.dt_update IS 'When the row was written last';
-- A deletion says who was deleted, not only under which id.
ALTER TABLE customer REPLICA IDENTITY FULL;
