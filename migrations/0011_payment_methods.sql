-- Cards kept at Stripe for later payments.
CREATE TABLE IF NOT EXISTS payment_methods (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  stripe_payment_method_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  brand VARCHAR(50) NOT NULL,
  last4 VARCHAR(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  exp_month INT NOT NULL,
  exp_year INT NOT NULL,
  is_default BOOLEAN NOT NULL DEFAULT FALSE,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  fingerprint VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payment_methods_stripe (stripe_payment_method_id),
  KEY payment_methods_user (user_id, is_active, created_at, id),
  CONSTRAINT payment_methods_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
