CREATE TABLE averages (
  station text,
  hour timestamptz,
  average numeric(6, 2) NOT NULL,
  PRIMARY KEY (station, hour)
);
