-- The newest documents of all orders are listed, and the oldest that nothing refers to are removed, in the order of time.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'files' AND index_name = 'files_created') = 0,
  'ALTER TABLE files ADD KEY files_created (created_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
