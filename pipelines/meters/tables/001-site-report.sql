-- How the meters of each site were on a day: what the last report of that day found.
CREATE TABLE site_report (
  day date NOT NULL,
  site varchar(40) NOT NULL,
  meters integer NOT NULL,
  kwh numeric(18, 3) NOT NULL,
  warning integer NOT NULL,
  critical integer NOT NULL,
  newest timestamptz NOT NULL,
  PRIMARY KEY (day, site)
);
COMMENT ON COLUMN site_report.day IS 'In UTC, when the report was made';
