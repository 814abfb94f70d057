mod invoice_document;

