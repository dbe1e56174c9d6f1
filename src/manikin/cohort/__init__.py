"""Records in memory: one record per row, fields as Arrow columns, records that belong to subjects."""
