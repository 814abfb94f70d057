-- Files sent with a message.
CREATE TABLE IF NOT EXISTS message_attachments (
  id BINARY(16) NOT NULL,
  message_id BINARY(16) NOT NULL,
  file_id BINARY(16) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY message_attachments_pair (message_id, file_id),
  KEY message_attachments_file (file_id),
  CONSTRAINT message_attachments_message_fk FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE,
  CONSTRAINT message_attachments_file_fk FOREIGN KEY (file_id) REFERENCES files (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
