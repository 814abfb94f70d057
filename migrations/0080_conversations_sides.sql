-- What each side removed of a conversation, until when the page of a visitor's conversation opens, and the order of the team's inbox.
SET @ddl = IF(
  (SELECT COUNT(*) FROM information_schema.columns
   WHERE table_schema = DATABASE() AND table_name = 'conversations' AND column_name = 'page_until') = 0,
  'ALTER TABLE conversations
     ADD COLUMN client_removed INT UNSIGNED NOT NULL DEFAULT 0 COMMENT ''messages the client removed from sight'' AFTER admin_unread,
     ADD COLUMN admin_removed INT UNSIGNED NOT NULL DEFAULT 0 COMMENT ''messages the team removed from sight'' AFTER client_removed,
     ADD COLUMN page_until DATETIME(3) NULL COMMENT ''end of the page that a visitor answers on'' AFTER admin_hidden,
     DROP KEY conversations_inbox,
     DROP KEY conversations_unread,
     ADD KEY conversations_inbox (admin_hidden, admin_archived, last_message_at, id),
     ADD KEY conversations_unread (admin_hidden, admin_archived, admin_unread)',
  'DO 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
