"""Everything about SQLite: connection, numbered migrations, typed queries. There is no SQL anywhere else."""
