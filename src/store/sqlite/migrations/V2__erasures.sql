-- Erasures under way, and receipts of those that are done. They name nobody.
CREATE TABLE erasures (
    receipt BLOB PRIMARY KEY,
    sought BLOB,                      -- ids that named the erased, masked, until the erasure is done
    report TEXT,                      -- what was searched
    ends_day INTEGER                  -- when the receipt goes, rounded up; none while under way
) STRICT, WITHOUT ROWID;
