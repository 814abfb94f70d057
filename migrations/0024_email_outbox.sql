-- Mails to send, written with the change they tell of. payload is the typed mail (JSON); attachments names stored objects.
CREATE TABLE IF NOT EXISTS email_outbox (
  id BINARY(16) NOT NULL,
  dedupe_key VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  template VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  to_email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  to_name VARCHAR(255) NULL,
  user_id BINARY(16) NULL,
  payload JSON NOT NULL,
  attachments JSON NULL,
  status ENUM('PENDING','SENT','DEAD') NOT NULL DEFAULT 'PENDING',
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_attempt_at DATETIME(3) NULL COMMENT 'due time, or end of the lease of the worker that holds it; NULL once settled',
  last_error VARCHAR(500) NULL,
  sent_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY email_outbox_dedupe (dedupe_key),
  KEY email_outbox_due (status, next_attempt_at, id),
  KEY email_outbox_user (user_id),
  KEY email_outbox_created (created_at, id),
  CONSTRAINT email_outbox_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
