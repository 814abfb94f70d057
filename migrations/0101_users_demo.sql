-- Accounts of the demonstration, to count and to remove.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'users' AND index_name = 'users_demo') = 0,
  'ALTER TABLE users ADD KEY users_demo (is_demo, created_at)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
