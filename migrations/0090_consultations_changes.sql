-- A booked call can be moved (sequence counts its changes, as calendars do) or cancelled; its reminder is due at remind_at, and was sent or is not wanted when that is NULL.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'consultations' AND column_name = 'sequence') = 0,
  'ALTER TABLE consultations
     ADD COLUMN sequence INT UNSIGNED NOT NULL DEFAULT 0 AFTER slot,
     ADD COLUMN remind_at DATETIME(3) NULL AFTER sequence,
     ADD COLUMN cancelled_at DATETIME(3) NULL AFTER remind_at,
     ADD KEY consultations_remind (remind_at, id),
     ADD KEY consultations_person (email, slot),
     ADD KEY consultations_starts (starts_at, id),
     ADD KEY consultations_status (status, created_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
