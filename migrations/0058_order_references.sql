-- Every reference ever given to an order, pending or not. None is given twice, not even after its order is gone.
CREATE TABLE IF NOT EXISTS order_references (
  reference VARCHAR(9) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (reference)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
