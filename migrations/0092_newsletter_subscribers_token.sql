-- The links of the newsletter are signed and name their row: no token is stored.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'newsletter_subscribers' AND column_name = 'token_hash') > 0,
  'ALTER TABLE newsletter_subscribers
     DROP KEY newsletter_subscribers_token,
     DROP COLUMN token_hash,
     ADD KEY newsletter_subscribers_pending (status, token_expires_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
