-- Orders whose buyer asked that work begin before the end of the withdrawal period, and how they said so.
CREATE TABLE IF NOT EXISTS express_requests (
  id BINARY(16) NOT NULL,
  pending_commande_id BINARY(16) NULL,
  commande_id BINARY(16) NULL,
  source ENUM('CHECKOUT','FORM') NOT NULL,
  requested_at DATETIME(3) NOT NULL,
  terms_version VARCHAR(100) NOT NULL,
  email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY express_requests_pending (pending_commande_id, source),
  UNIQUE KEY express_requests_commande (commande_id, source),
  CONSTRAINT express_requests_pending_fk FOREIGN KEY (pending_commande_id) REFERENCES pending_commandes (id) ON DELETE SET NULL,
  CONSTRAINT express_requests_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
