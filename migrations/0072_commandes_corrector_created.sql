-- The order of the list of a corrector's orders.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'commandes' AND index_name = 'commandes_corrector_created') = 0,
  'ALTER TABLE commandes ADD KEY commandes_corrector_created (corrector_id, created_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
