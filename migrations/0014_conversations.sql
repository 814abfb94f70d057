-- One per client and one per visitor address. Counters are kept by the writes so that lists need one query.
CREATE TABLE IF NOT EXISTS conversations (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NULL,
  visitor_email VARCHAR(255) COLLATE utf8mb4_bin NULL,
  visitor_name VARCHAR(200) NULL,
  visitor_phone VARCHAR(20) NULL,
  last_message_id BINARY(16) NULL,
  last_message_at DATETIME(3) NULL,
  message_count INT UNSIGNED NOT NULL DEFAULT 0,
  client_unread INT UNSIGNED NOT NULL DEFAULT 0,
  admin_unread INT UNSIGNED NOT NULL DEFAULT 0,
  client_archived BOOLEAN NOT NULL DEFAULT FALSE,
  admin_archived BOOLEAN NOT NULL DEFAULT FALSE,
  admin_hidden BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY conversations_user (user_id),
  UNIQUE KEY conversations_visitor (visitor_email),
  KEY conversations_inbox (admin_hidden, last_message_at, id),
  KEY conversations_unread (admin_unread, admin_hidden),
  CONSTRAINT conversations_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
