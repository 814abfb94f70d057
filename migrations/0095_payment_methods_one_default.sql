-- Of the cards of an account at most one is the default: the key sees to it.
UPDATE payment_methods p
  JOIN payment_methods q ON q.user_id = p.user_id AND q.is_default AND q.is_active AND q.id > p.id
  SET p.is_default = FALSE
  WHERE p.is_default AND p.is_active;
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'payment_methods' AND column_name = 'default_of') = 0,
  'ALTER TABLE payment_methods
     ADD COLUMN default_of BINARY(16) GENERATED ALWAYS AS (IF(is_default AND is_active, user_id, NULL)) VIRTUAL,
     ADD UNIQUE KEY payment_methods_default (default_of)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
