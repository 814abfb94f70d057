-- The sweep of the storage compares objects and rows in the order of their keys.
SET @statement = IF(
  EXISTS (SELECT 1 FROM information_schema.statistics
          WHERE table_schema = DATABASE() AND table_name = 'invoices' AND index_name = 'invoices_pdf_key'),
  'DO 0',
  'ALTER TABLE invoices ADD KEY invoices_pdf_key (pdf_key)'
);
PREPARE add_key FROM @statement;
EXECUTE add_key;
DEALLOCATE PREPARE add_key;
