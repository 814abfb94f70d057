-- Why the last removal of an object failed.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'storage_deletions' AND column_name = 'last_error') = 0,
  'ALTER TABLE storage_deletions ADD COLUMN last_error VARCHAR(500) NULL AFTER attempts',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
