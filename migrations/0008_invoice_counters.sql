-- Last number issued per series (FA, AV) and year; the row lock serialises numbering.
CREATE TABLE IF NOT EXISTS invoice_counters (
  series VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  year SMALLINT UNSIGNED NOT NULL,
  last_number INT UNSIGNED NOT NULL,
  PRIMARY KEY (series, year)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
