-- What is to go at Stripe: cards that were removed, customers whose account was erased.
CREATE TABLE IF NOT EXISTS stripe_departures (
  id BINARY(16) NOT NULL,
  kind ENUM('CARD','CUSTOMER') NOT NULL,
  stripe_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_attempt_at DATETIME(3) NOT NULL,
  last_error VARCHAR(500) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY stripe_departures_object (stripe_id),
  KEY stripe_departures_due (next_attempt_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
