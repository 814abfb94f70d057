-- Newsletter addresses, double opt-in.
CREATE TABLE IF NOT EXISTS newsletter_subscribers (
  id BINARY(16) NOT NULL,
  email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  status ENUM('PENDING','CONFIRMED','UNSUBSCRIBED') NOT NULL DEFAULT 'PENDING',
  token_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  token_expires_at DATETIME(3) NULL,
  confirmed_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY newsletter_subscribers_email (email),
  UNIQUE KEY newsletter_subscribers_token (token_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
