"""The committed records: one file per record, which gives its columns, its writer, its reader and its checks."""
