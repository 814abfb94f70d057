-- A payment page outlives its order; MySQL does not exchange a foreign key in one statement.
SET @ddl = IF(
  EXISTS (SELECT 1 FROM information_schema.table_constraints
          WHERE table_schema = DATABASE() AND table_name = 'checkout_sessions'
            AND constraint_name = 'checkout_sessions_commande_fk'),
  'ALTER TABLE checkout_sessions
     DROP FOREIGN KEY checkout_sessions_commande_fk,
     DROP FOREIGN KEY checkout_sessions_pending_fk',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
