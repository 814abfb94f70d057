-- Account activation tokens of paid guest orders: only the SHA-256 (hex) is kept.
CREATE TABLE IF NOT EXISTS activation_tokens (
  token_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BINARY(16) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (token_hash),
  KEY activation_tokens_user (user_id),
  KEY activation_tokens_expiry (expires_at),
  CONSTRAINT activation_tokens_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
