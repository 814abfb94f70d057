-- Forms of visitors received lately: the same one is taken once in ten minutes (fingerprint, NULL once those are over), an address is acknowledged so many times a day, and what they attach is counted.
CREATE TABLE IF NOT EXISTS form_receipts (
  id BINARY(16) NOT NULL,
  form ENUM('CONTACT','FREE_SAMPLE','NEWSLETTER') NOT NULL,
  fingerprint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  acknowledged BOOLEAN NOT NULL DEFAULT FALSE,
  bytes BIGINT NOT NULL DEFAULT 0,
  received_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY form_receipts_fingerprint (fingerprint),
  KEY form_receipts_email (email, received_at),
  KEY form_receipts_received (received_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
