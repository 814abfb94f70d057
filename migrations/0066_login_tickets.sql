-- Tickets that log in, once and at once, who has just activated an account: only the SHA-256 (hex) is kept.
CREATE TABLE IF NOT EXISTS login_tickets (
  ticket_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BINARY(16) NOT NULL,
  token_version INT UNSIGNED NOT NULL COMMENT 'of the account when the ticket was made: it dies with the sessions of then',
  expires_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (ticket_hash),
  KEY login_tickets_user (user_id),
  KEY login_tickets_expiry (expires_at),
  CONSTRAINT login_tickets_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
