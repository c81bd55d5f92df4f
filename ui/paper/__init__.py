"""Papers: laid out in device dots, painted once for printer, PDF, PNG and preview alike."""
