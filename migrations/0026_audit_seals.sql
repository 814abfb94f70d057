-- Hash chain over closed ranges of the audit log.
CREATE TABLE IF NOT EXISTS audit_seals (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  first_seq BIGINT UNSIGNED NOT NULL,
  last_seq BIGINT UNSIGNED NOT NULL,
  row_count INT UNSIGNED NOT NULL,
  rows_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  previous_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sealed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY audit_seals_first (first_seq),
  UNIQUE KEY audit_seals_last (last_seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
