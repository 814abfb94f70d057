mod invoice_document;
