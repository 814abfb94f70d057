-- An invoice always belongs to an account; the index is the order of its list.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'invoices' AND index_name = 'invoices_user') = 0,
  'ALTER TABLE invoices
     MODIFY COLUMN user_id BINARY(16) NOT NULL,
     ADD KEY invoices_user (user_id, created_at, id),
     ADD CONSTRAINT invoices_user_fk FOREIGN KEY (user_id) REFERENCES users (id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
