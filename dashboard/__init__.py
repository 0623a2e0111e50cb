"""The pages: they read the database, and compute with `modadd`; they never load torch."""
