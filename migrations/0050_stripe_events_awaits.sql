-- Events told before the payment they speak of wait for it: PARKED when they may be another site's.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'stripe_events' AND column_name = 'awaits') = 0,
  'ALTER TABLE stripe_events
     MODIFY COLUMN status ENUM(''PROCESSED'',''FAILED'',''UNMATCHED'',''DISCARDED'',''PARKED'') NOT NULL,
     ADD COLUMN awaits VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT ''payment intent it speaks of, not known yet'',
     ADD KEY stripe_events_awaits (awaits)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
