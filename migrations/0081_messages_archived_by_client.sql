-- A message is archived by each side for itself: is_archived is the team's.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'messages' AND column_name = 'archived_by_client') = 0,
  'ALTER TABLE messages ADD COLUMN archived_by_client BOOLEAN NOT NULL DEFAULT FALSE AFTER is_archived',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
