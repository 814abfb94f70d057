-- The day the service was delivered, when that was before the invoice.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'invoices' AND column_name = 'supplied_on') = 0,
  'ALTER TABLE invoices ADD COLUMN supplied_on DATE NULL COMMENT ''NULL while the service is to come'' AFTER paid_at',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
