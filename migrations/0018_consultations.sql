-- Booked calls. slot is the start instant while the booking holds it, NULL once it is cancelled, so that a slot is booked once.
CREATE TABLE IF NOT EXISTS consultations (
  id BINARY(16) NOT NULL,
  first_name VARCHAR(100) NOT NULL,
  last_name VARCHAR(100) NOT NULL,
  email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  phone VARCHAR(20) NOT NULL,
  starts_at DATETIME(3) NOT NULL,
  slot DATETIME(3) NULL,
  message TEXT NULL,
  source ENUM('landing_page','client_space') NOT NULL DEFAULT 'landing_page',
  status ENUM('BROUILLON','ENVOYE','DELIVRE','LU','ARCHIVE') NOT NULL DEFAULT 'ENVOYE',
  admin_note TEXT NULL,
  message_id BINARY(16) NULL,
  processed_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY consultations_slot (slot),
  KEY consultations_created (created_at, id),
  KEY consultations_message (message_id),
  CONSTRAINT consultations_message_fk FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
