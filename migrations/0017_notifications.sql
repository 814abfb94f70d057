-- Bell notifications. action_url is a path of the web application; data is JSON text. dedupe_key makes a repeated event notify once.
CREATE TABLE IF NOT EXISTS notifications (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  title VARCHAR(255) NOT NULL,
  message TEXT NOT NULL,
  type ENUM('INFO','SUCCESS','WARNING','ERROR','PAYMENT','ORDER','MESSAGE','SYSTEM','CONSULTATION') NOT NULL DEFAULT 'INFO',
  priority ENUM('FAIBLE','NORMALE','HAUTE','URGENTE') NOT NULL DEFAULT 'NORMALE',
  data TEXT NULL,
  action_url VARCHAR(500) NULL,
  is_read BOOLEAN NOT NULL DEFAULT FALSE,
  is_deleted BOOLEAN NOT NULL DEFAULT FALSE,
  read_at DATETIME(3) NULL,
  expires_at DATETIME(3) NULL,
  dedupe_key VARCHAR(191) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY notifications_dedupe (dedupe_key),
  KEY notifications_list (user_id, is_deleted, created_at, id),
  KEY notifications_unread (user_id, is_deleted, is_read, expires_at),
  KEY notifications_expiry (expires_at),
  CONSTRAINT notifications_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
