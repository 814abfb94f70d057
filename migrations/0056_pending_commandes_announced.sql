-- The team heard of the orders placed before it was noted.
UPDATE pending_commandes SET announced_at = created_at WHERE announced_at IS NULL;
