-- Refunds that administrators asked for. The row comes first and is Stripe's idempotency key, so that a request cut off anywhere is
-- sent once; the credit note follows from Stripe's own event. amount is cents.
CREATE TABLE IF NOT EXISTS refund_requests (
  id BINARY(16) NOT NULL,
  commande_id BINARY(16) NOT NULL,
  payment_intent VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount INT NOT NULL,
  reason VARCHAR(500) NULL,
  state ENUM('REQUESTED','SENT','REFUSED') NOT NULL DEFAULT 'REQUESTED',
  requested_by BINARY(16) NOT NULL,
  stripe_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  next_attempt_at DATETIME(3) NULL,
  last_error VARCHAR(500) NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY refund_requests_due (next_attempt_at),
  KEY refund_requests_intent (payment_intent, created_at),
  KEY refund_requests_commande (commande_id),
  CONSTRAINT refund_requests_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
