-- Who did what. actor_email is an address, 'system' or 'unknown'; details is JSON text.
CREATE TABLE IF NOT EXISTS audit_logs (
  id BINARY(16) NOT NULL,
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  timestamp DATETIME(3) NOT NULL,
  actor_email VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  action VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_type ENUM('user','command','invoice','payment','file','auth','system') NOT NULL,
  target_id VARCHAR(191) COLLATE utf8mb4_bin NULL,
  details TEXT NULL,
  ip_address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL,
  user_agent TEXT NULL,
  severity ENUM('LOW','MEDIUM','HIGH','CRITICAL') NOT NULL DEFAULT 'MEDIUM',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY audit_logs_seq (seq),
  KEY audit_logs_timestamp (timestamp, id),
  KEY audit_logs_actor (actor_email, timestamp),
  KEY audit_logs_action (action, timestamp),
  KEY audit_logs_target (target_type, target_id, timestamp),
  KEY audit_logs_severity (severity, timestamp)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
