"""One file per metric of a ranking; dropping a file in here gives the records a column and the report a column."""
