-- Refused payments to tell of when they are due, unless the order is paid by then: one row per order at a time. amount is cents.
CREATE TABLE IF NOT EXISTS payment_refusals (
  id BINARY(16) NOT NULL,
  commande_id BINARY(16) NULL,
  pending_commande_id BINARY(16) NULL,
  attempt VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what Stripe calls the first of the refused payments',
  amount INT NOT NULL,
  due_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payment_refusals_commande (commande_id),
  UNIQUE KEY payment_refusals_pending (pending_commande_id),
  KEY payment_refusals_due (due_at),
  CONSTRAINT payment_refusals_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id) ON DELETE CASCADE,
  CONSTRAINT payment_refusals_pending_fk FOREIGN KEY (pending_commande_id) REFERENCES pending_commandes (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
