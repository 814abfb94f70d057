-- The orders of the team's list of invoices that no other index gives.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'invoices' AND index_name = 'invoices_amount') = 0,
  'ALTER TABLE invoices
     ADD KEY invoices_amount (amount, id),
     ADD KEY invoices_number_id (number, id),
     ADD KEY invoices_due (due_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
