-- Webhook inbox: one row per Stripe event, written in the transaction that applies it.
CREATE TABLE IF NOT EXISTS stripe_events (
  id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'evt_...',
  type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status ENUM('PROCESSED','FAILED','UNMATCHED','DISCARDED') NOT NULL,
  object_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'id of the object the event speaks of',
  payload MEDIUMTEXT NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 1,
  last_error VARCHAR(500) NULL,
  next_attempt_at DATETIME(3) NULL COMMENT 'NULL when no further attempt is due',
  received_at DATETIME(3) NOT NULL,
  processed_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY stripe_events_due (status, next_attempt_at, id),
  KEY stripe_events_received (received_at, id),
  KEY stripe_events_object (object_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
