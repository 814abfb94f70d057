-- Why an administrator gave an event up, and when; the other two indexes are the administrators' list, by state and by type.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'stripe_events' AND column_name = 'comment') = 0,
  'ALTER TABLE stripe_events
     ADD COLUMN comment VARCHAR(1000) NULL,
     ADD COLUMN discarded_at DATETIME(3) NULL,
     ADD KEY stripe_events_status (status, received_at, id),
     ADD KEY stripe_events_type (type, received_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
