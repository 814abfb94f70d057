-- What a payment page sells, and when it is to be closed at Stripe because its order went or changed price.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'checkout_sessions' AND column_name = 'close_due_at') = 0,
  'ALTER TABLE checkout_sessions
     MODIFY COLUMN checked_at DATETIME(3) NOT NULL COMMENT ''a quarter of an hour before Stripe is asked about it again'',
     ADD COLUMN items JSON NULL COMMENT ''lines of the invoice, as sold on the page'' AFTER amount,
     ADD COLUMN close_due_at DATETIME(3) NULL COMMENT ''when Stripe is (again) told to close it; NULL when it need not be'',
     ADD COLUMN close_attempts INT UNSIGNED NOT NULL DEFAULT 0,
     ADD COLUMN close_error VARCHAR(500) NULL,
     ADD KEY checkout_sessions_close (close_due_at)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
