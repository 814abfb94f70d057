-- VAT regime by date of entry into force. rate_bp is in basis points (2000 = 20 %). mention is printed as is.
CREATE TABLE IF NOT EXISTS vat_regimes (
  valid_from DATE NOT NULL,
  regime ENUM('STANDARD','FRANCHISE') NOT NULL,
  rate_bp INT UNSIGNED NOT NULL,
  mention TEXT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (valid_from)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
