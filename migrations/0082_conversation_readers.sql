-- How far a corrector has read in the conversation of a client: the two sides have counters of their own.
CREATE TABLE IF NOT EXISTS conversation_readers (
  conversation_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  read_until DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id, user_id),
  KEY conversation_readers_user (user_id),
  CONSTRAINT conversation_readers_conversation_fk FOREIGN KEY (conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
  CONSTRAINT conversation_readers_user_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
