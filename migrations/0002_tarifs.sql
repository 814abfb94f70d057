-- Price list. prix is in cents, per page when unite is PAGE.
CREATE TABLE IF NOT EXISTS tarifs (
  id BINARY(16) NOT NULL,
  nom VARCHAR(255) NOT NULL,
  description TEXT NOT NULL,
  prix INT NOT NULL,
  prix_formate VARCHAR(50) NOT NULL,
  unite ENUM('PAGE','FORFAIT') NOT NULL DEFAULT 'FORFAIT',
  type_service VARCHAR(100) NOT NULL,
  duree_estimee VARCHAR(100) NULL,
  actif BOOLEAN NOT NULL DEFAULT TRUE,
  ordre INT NOT NULL DEFAULT 0,
  stripe_product_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  stripe_price_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY tarifs_nom (nom),
  KEY tarifs_public (actif, ordre, created_at),
  CONSTRAINT tarifs_prix_positive CHECK (prix >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
