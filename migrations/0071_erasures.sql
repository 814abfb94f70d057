-- Accounts that were erased, by their ids alone; a file outside of the database has them too, so that they are erased again after a backup was restored.
CREATE TABLE IF NOT EXISTS erasures (
  user_id BINARY(16) NOT NULL,
  erased_at DATETIME(3) NOT NULL,
  logged_at DATETIME(3) NULL COMMENT 'when it was written to the file',
  PRIMARY KEY (user_id),
  KEY erasures_logged (logged_at, erased_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
