-- newest_at: latest instant of the rows covered. digests: seq (8 bytes) and SHA-256 (32) of each row, which tell which row is not what it
-- was; they go with the rows. PURGING: a cleanup was recorded, the rows may go; PURGED: they are gone.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'audit_seals' AND column_name = 'state') = 0,
  'ALTER TABLE audit_seals
     ADD COLUMN newest_at DATETIME(3) NOT NULL,
     ADD COLUMN digests MEDIUMBLOB NULL,
     ADD COLUMN state ENUM(''SEALED'',''PURGING'',''PURGED'') NOT NULL DEFAULT ''SEALED'',
     ADD KEY audit_seals_state (state, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
