-- A row belongs to the seal that covers it; NULL until one does. The second index is the list by kind of target.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'audit_logs' AND column_name = 'seal_id') = 0,
  'ALTER TABLE audit_logs
     ADD COLUMN seal_id BIGINT UNSIGNED NULL,
     ADD KEY audit_logs_seal (seal_id, seq),
     ADD KEY audit_logs_kind (target_type, timestamp)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
