-- Questions and answers of the public site.
CREATE TABLE IF NOT EXISTS faqs (
  id BINARY(16) NOT NULL,
  question TEXT NOT NULL,
  answer LONGTEXT NOT NULL,
  details TEXT NULL,
  ordre INT NOT NULL DEFAULT 0,
  visible BOOLEAN NOT NULL DEFAULT TRUE,
  categorie VARCHAR(100) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY faqs_public (visible, ordre, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
