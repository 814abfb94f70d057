-- Exports of personal data that people asked for: made by a worker, kept for a few days. A key is NULL until its object is kept.
CREATE TABLE IF NOT EXISTS data_exports (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  archive_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'the ZIP',
  document_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'its JSON alone, when a mail can carry it',
  sha256 VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'of the ZIP',
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_attempt_at DATETIME(3) NULL COMMENT 'NULL once made or given up',
  last_error VARCHAR(500) NULL,
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY data_exports_due (next_attempt_at, id),
  KEY data_exports_user (user_id, created_at),
  KEY data_exports_expiry (expires_at),
  KEY data_exports_archive (archive_key),
  KEY data_exports_document (document_key),
  CONSTRAINT data_exports_user_fk FOREIGN KEY (user_id) REFERENCES users (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
