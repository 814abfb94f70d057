-- Every Stripe Checkout session ever opened for an order. id is the idempotency key and the client_reference_id given to Stripe.
CREATE TABLE IF NOT EXISTS checkout_sessions (
  id BINARY(16) NOT NULL,
  stripe_session_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'NULL until Stripe answered',
  commande_id BINARY(16) NULL,
  pending_commande_id BINARY(16) NULL,
  amount INT NOT NULL,
  status ENUM('CREATING','OPEN','PROCESSING','PAID','FAILED','EXPIRED') NOT NULL DEFAULT 'CREATING',
  expires_at DATETIME(3) NOT NULL,
  checked_at DATETIME(3) NOT NULL COMMENT 'last time Stripe was asked about it',
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY checkout_sessions_stripe (stripe_session_id),
  KEY checkout_sessions_reconcile (status, checked_at, id),
  KEY checkout_sessions_commande (commande_id, created_at),
  KEY checkout_sessions_pending (pending_commande_id, created_at),
  CONSTRAINT checkout_sessions_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id) ON DELETE CASCADE,
  CONSTRAINT checkout_sessions_pending_fk FOREIGN KEY (pending_commande_id) REFERENCES pending_commandes (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
