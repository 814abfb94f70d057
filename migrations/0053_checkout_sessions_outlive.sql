-- Money may still come for an order that is gone: its payment pages stay, without it.
SET @ddl = IF(
  EXISTS (SELECT 1 FROM information_schema.table_constraints
          WHERE table_schema = DATABASE() AND table_name = 'checkout_sessions'
            AND constraint_name = 'checkout_sessions_of_commande_fk'),
  'DO 0',
  'ALTER TABLE checkout_sessions
     ADD CONSTRAINT checkout_sessions_of_commande_fk FOREIGN KEY (commande_id) REFERENCES commandes (id) ON DELETE SET NULL,
     ADD CONSTRAINT checkout_sessions_of_pending_fk FOREIGN KEY (pending_commande_id) REFERENCES pending_commandes (id) ON DELETE SET NULL');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
