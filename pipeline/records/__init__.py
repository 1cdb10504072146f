"""The committed records: each file's columns, its writer, its reader and its checks."""
