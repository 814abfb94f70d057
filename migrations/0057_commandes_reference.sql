-- What people call an order: eight characters of Crockford's base 32 in two groups. The server fills those of older rows.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'commandes' AND column_name = 'reference') = 0,
  'ALTER TABLE commandes
     ADD COLUMN reference VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER id,
     ADD UNIQUE KEY commandes_reference (reference)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
