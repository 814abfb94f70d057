-- The account whose order an invoice bills, so that its list follows an index.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'invoices' AND column_name = 'user_id') = 0,
  'ALTER TABLE invoices ADD COLUMN user_id BINARY(16) NULL AFTER commande_id',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
