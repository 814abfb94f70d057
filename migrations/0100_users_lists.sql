-- The orders of the list of accounts. Erased ones are in none of its pages; the last column of users_list_both lets the
-- figures be counted in the index alone.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.statistics
   WHERE table_schema = DATABASE() AND table_name = 'users' AND index_name = 'users_list') = 0,
  'ALTER TABLE users
     ADD KEY users_list (deleted_at, created_at, id),
     ADD KEY users_list_role (deleted_at, role, created_at, id),
     ADD KEY users_list_active (deleted_at, is_active, created_at, id),
     ADD KEY users_list_both (deleted_at, role, is_active, created_at, id, is_demo),
     ADD KEY users_list_prenom (deleted_at, prenom, id),
     ADD KEY users_list_nom (deleted_at, nom, id),
     ADD KEY users_list_email (deleted_at, email, id),
     ADD KEY users_list_updated (deleted_at, updated_at, id)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
