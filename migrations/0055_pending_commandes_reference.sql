-- What people call an order (kept when it is paid), who ordered what (one order for a form sent twice), and when the team heard of it.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'pending_commandes' AND column_name = 'reference') = 0,
  'ALTER TABLE pending_commandes
     ADD COLUMN reference VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER id,
     ADD COLUMN fingerprint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER consentement_rgpd,
     ADD COLUMN announced_at DATETIME(3) NULL AFTER fingerprint,
     ADD UNIQUE KEY pending_commandes_reference (reference),
     ADD UNIQUE KEY pending_commandes_fingerprint (fingerprint),
     ADD KEY pending_commandes_announced (announced_at, created_at)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
