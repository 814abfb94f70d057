-- Who fetched which document (a file or an invoice) in which quarter of an hour (its beginning): one audit row for each. Rows go after a day.
CREATE TABLE IF NOT EXISTS document_fetches (
  document_id BINARY(16) NOT NULL,
  reader_id BINARY(16) NOT NULL,
  quarter DATETIME(3) NOT NULL,
  UNIQUE KEY document_fetches_once (document_id, reader_id, quarter),
  KEY document_fetches_purge (quarter)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
