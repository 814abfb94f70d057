-- Orders of the demonstration, to count and to remove; their invoices are found by them.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'commandes' AND index_name = 'commandes_demo') = 0,
  'ALTER TABLE commandes ADD KEY commandes_demo (is_demo, created_at)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
