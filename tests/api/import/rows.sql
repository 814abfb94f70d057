INSERT INTO users (id, prenom, nom, email, password, role, isActive, createdAt, updatedAt, preferences) VALUES
('00000000-0000-4000-8000-000000000001','Anne','Chef','Chef@Maison.fr','{bcrypt}','ADMIN',1,'2025-01-01','2025-01-01',NULL),
('00000000-0000-4000-8000-000000000002','Zoé','Auteur',' Zoe@Livre.fr','{bcrypt}','USER',1,'2025-01-02','2025-01-02','{"notifications":{"email":false}}'),
('cuid-of-another-age','Zoé','Double','zoe@livre.FR','{bcrypt}','USER',1,'2025-03-02','2025-03-02',NULL),
('00000000-0000-4000-8000-000000000004','Dé','Mo','a@demo.staka.fr','$2b$10$invalid','USER',1,'2025-01-02','2025-01-02',NULL),
('00000000-0000-4000-8000-000000000005','T','U','__temp_upload_user__@staka.internal','x','USER',0,'2025-01-02','2025-01-02',NULL),
('00000000-0000-4000-8000-000000000006','X','X','deleted_1700@anonymized.local','x','USER',0,'2025-01-02','2025-01-02',NULL);
INSERT INTO tarifs (id, nom, description, prix, prixFormate, typeService, createdAt, updatedAt, stripePriceId, stripeProductId) VALUES
('00000000-0000-4000-8000-000000000010','Correction','d',200,'2€/page','Correction','2025-01-01','2025-01-01','price_mock_1','prod_mock_1'),
('00000000-0000-4000-8000-000000000011','correction','d',35000,'350 €','Pack','2025-01-01','2025-01-01',NULL,NULL);
INSERT INTO commandes (id, userId, titre, statut, createdAt, updatedAt, paymentStatus, stripeSessionId, amount, packType) VALUES
('00000000-0000-4000-8000-000000000020','00000000-0000-4000-8000-000000000002','Mon roman','TERMINE','2025-02-01','2025-02-03','paid','cs_live_abc',46800,'pack-kdp-default'),
('00000000-0000-4000-8000-000000000021','cuid-of-another-age','Autre','EN_ATTENTE','2025-02-01','2025-02-03',NULL,'cs_mock_1',3500000,'00000000-0000-4000-8000-000000000010');
INSERT INTO pending_commandes (id, prenom, nom, email, passwordHash, serviceId, stripeSessionId, createdAt, updatedAt) VALUES
('00000000-0000-4000-8000-000000000030','G','Uest','Guest@Livre.fr','PENDING_ACTIVATION','pack-kdp-default',NULL,'2025-02-01','2025-02-01');
INSERT INTO invoices (id, commandeId, number, amount, pdfUrl, status, createdAt, updatedAt) VALUES
('00000000-0000-4000-8000-000000000040','00000000-0000-4000-8000-000000000020','FACT-2025-123456',46800,'/uploads/invoices/INV-1.pdf','GENERATED','2025-02-01','2025-02-01'),
('00000000-0000-4000-8000-000000000041','00000000-0000-4000-8000-000000000020','FA-2026-000041',1200,'https://example.com/x.pdf','PAID','2026-02-01','2026-02-01');
INSERT INTO files (id, filename, storedName, mimeType, size, url, uploadedById, commandeId, description, createdAt, updatedAt) VALUES
('00000000-0000-4000-8000-000000000050','Mon été.docx','a.docx','application/msword',5,'/home/node/app/uploads/projects/a.docx','00000000-0000-4000-8000-000000000002','00000000-0000-4000-8000-000000000020','ADMIN_FILE:corrigé','2025-02-01','2025-02-01'),
('00000000-0000-4000-8000-000000000051','b.docx','b.docx','application/msword',5,'/uploads/orders/../../etc/passwd','00000000-0000-4000-8000-000000000005',NULL,'TEMP_PENDING:00000000-0000-4000-8000-000000000030|note','2025-02-01','2025-02-01');
INSERT INTO messages (id, senderId, receiverId, content, type, isRead, createdAt, updatedAt, conversationId, visitorEmail, visitorName, metadata) VALUES
('00000000-0000-4000-8000-000000000060','00000000-0000-4000-8000-000000000002',NULL,'Bonjour','USER_MESSAGE',0,'2025-02-01','2025-02-01','thread_x',NULL,NULL,NULL),
('00000000-0000-4000-8000-000000000061','00000000-0000-4000-8000-000000000001',NULL,'Réponse orpheline','USER_MESSAGE',0,'2025-02-02','2025-02-02','thread_x',NULL,NULL,'"{\\"isWelcomeMessage\\":true}"'),
('00000000-0000-4000-8000-000000000062',NULL,'00000000-0000-4000-8000-000000000001','Conseil','CONSULTATION_REQUEST',0,'2025-02-02','2025-02-02','demo-conv-1','Paul@Visite.fr','Paul','{"consultationRequest":{"firstName":"Paul","lastName":"V","email":"Paul@Visite.fr","phone":"0102030405","requestedDate":"2025-02-05","requestedTime":"10:00","source":"landing_page"}}');
INSERT INTO message_attachments VALUES ('att-1','00000000-0000-4000-8000-000000000061','00000000-0000-4000-8000-000000000050');
INSERT INTO notifications (id, userId, title, message, data, actionUrl, createdAt, updatedAt) VALUES
('00000000-0000-4000-8000-000000000070','00000000-0000-4000-8000-000000000002','t','m','{"tronq','/app/projects/1','2025-02-02','2025-02-02');
INSERT INTO payment_methods (id, userId, stripePaymentMethodId, brand, last4, expMonth, expYear, createdAt, updatedAt) VALUES
('00000000-0000-4000-8000-000000000080','00000000-0000-4000-8000-000000000002','pm_mock_1','visa','4242',1,2030,'2025-02-02','2025-02-02');
INSERT INTO audit_logs (id, adminEmail, action, targetType) VALUES ('00000000-0000-4000-8000-000000000090','system','AUDIT_LOGS_ACCESSED','system');
