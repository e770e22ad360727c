-- What the branches bought and sold of each currency, by intervals of two seconds.
CREATE TABLE transaction_flow (
  curr_time timestamptz NOT NULL,
  branch_name varchar(40) NOT NULL,
  currency_code char(3) NOT NULL,
  batch_value numeric(18, 2) NOT NULL,
  PRIMARY KEY (curr_time, branch_name, currency_code)
);
COMMENT ON COLUMN transaction_flow.curr_time IS 'Start of the interval in which the broker got the transactions';
