-- The last wave given to the notifications of an account; whoever numbers them holds this row.
CREATE TABLE IF NOT EXISTS notification_feeds (
  user_id BINARY(16) NOT NULL,
  wave BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (user_id),
  CONSTRAINT notification_feeds_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
