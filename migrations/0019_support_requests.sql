-- Support tickets of the former platform, kept for the record.
CREATE TABLE IF NOT EXISTS support_requests (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  title VARCHAR(255) NOT NULL,
  description TEXT NOT NULL,
  category ENUM('GENERAL','TECHNIQUE','FACTURATION','COMMANDE','COMPTE','AUTRE') NOT NULL DEFAULT 'GENERAL',
  priority ENUM('FAIBLE','NORMALE','HAUTE','URGENTE','CRITIQUE') NOT NULL DEFAULT 'NORMALE',
  status ENUM('OUVERT','EN_COURS','EN_ATTENTE','RESOLU','FERME','ANNULE') NOT NULL DEFAULT 'OUVERT',
  assigned_to_id BINARY(16) NULL,
  source VARCHAR(100) NULL,
  tags TEXT NULL,
  first_response_at DATETIME(3) NULL,
  resolved_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY support_requests_user (user_id),
  CONSTRAINT support_requests_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
  CONSTRAINT support_requests_assignee_fk FOREIGN KEY (assigned_to_id) REFERENCES users (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
