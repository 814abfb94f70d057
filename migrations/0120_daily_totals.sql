-- What each day in Europe/Paris brought, so that figures need not add up every invoice there is. Amounts are cents. Those of
-- payments are added by the transaction that issues an invoice or a credit note, to one of the slots 1 to 16, so that
-- settlements of one day do not wait for each other; slot 0 is written by the recount, which empties the others.
CREATE TABLE IF NOT EXISTS daily_totals (
  day DATE NOT NULL,
  slot TINYINT UNSIGNED NOT NULL,
  invoiced BIGINT NOT NULL DEFAULT 0,
  credited BIGINT NOT NULL DEFAULT 0,
  invoices INT NOT NULL DEFAULT 0,
  new_users INT NULL COMMENT 'of slot 0: counted when the day was over',
  orders INT NULL COMMENT 'of slot 0: counted when the day was over',
  counted_at DATETIME(3) NULL COMMENT 'of slot 0: the last recount',
  PRIMARY KEY (day, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
