-- Money received and given back, one row each, as the periodic reports to the tax office need them. amount and fee are cents; day is the calendar day in Europe/Paris.
CREATE TABLE IF NOT EXISTS payments (
  id BINARY(16) NOT NULL,
  kind ENUM('PAYMENT','REFUND') NOT NULL,
  commande_id BINARY(16) NOT NULL,
  invoice_id BINARY(16) NULL,
  amount INT NOT NULL,
  fee INT NULL,
  category VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'TPS1',
  occurred_at DATETIME(3) NOT NULL,
  day DATE NOT NULL,
  stripe_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'session of a payment, refund id of a refund',
  stripe_payment_intent_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payments_stripe (stripe_id),
  KEY payments_commande (commande_id),
  KEY payments_day (day, category),
  KEY payments_intent (stripe_payment_intent_id),
  CONSTRAINT payments_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id),
  CONSTRAINT payments_invoice_fk FOREIGN KEY (invoice_id) REFERENCES invoices (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
