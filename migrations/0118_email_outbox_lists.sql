-- The administrators' list of mails, by state, kind and addressee.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'email_outbox' AND index_name = 'email_outbox_status') = 0,
  'ALTER TABLE email_outbox
     ADD KEY email_outbox_status (status, created_at, id),
     ADD KEY email_outbox_template (template, created_at, id),
     ADD KEY email_outbox_address (to_email, created_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
