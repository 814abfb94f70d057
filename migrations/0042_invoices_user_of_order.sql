-- Invoices issued before they named the account.
UPDATE invoices i JOIN commandes c ON c.id = i.commande_id SET i.user_id = c.user_id WHERE i.user_id IS NULL;
