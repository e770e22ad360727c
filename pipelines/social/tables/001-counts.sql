-- Posts by minute, network, language and keyword. A post with two keywords is in two rows.
CREATE TABLE by_minute (
  minute timestamptz NOT NULL,
  network varchar(20) NOT NULL,
  language varchar(3) NOT NULL,
  keyword varchar(200) NOT NULL,
  posts bigint NOT NULL,
  PRIMARY KEY (minute, network, language, keyword)
);
COMMENT ON COLUMN by_minute.minute IS 'In which the network told them';
-- The other words of these posts.
CREATE TABLE words (
  minute timestamptz NOT NULL,
  network varchar(20) NOT NULL,
  word varchar(200) NOT NULL,
  posts bigint NOT NULL,
  PRIMARY KEY (network, minute, word)
);
-- Those that most posts of the last hour had.
CREATE TABLE top_words (
  network varchar(20) NOT NULL,
  place integer NOT NULL,
  word varchar(200),
  posts bigint NOT NULL,
  PRIMARY KEY (network, place)
);
