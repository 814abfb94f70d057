-- The order in which the streams of an account tell its notifications: rows become visible when their transactions
-- commit, not in the order of their ids, so they are numbered afterwards. NULL until a stream has looked.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'notifications' AND column_name = 'wave') = 0,
  'ALTER TABLE notifications
     ADD COLUMN wave BIGINT UNSIGNED NULL COMMENT ''of the account, see notification_feeds'' AFTER dedupe_key,
     ADD KEY notifications_waves (user_id, wave, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
