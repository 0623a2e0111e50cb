"""The store of runs: schema, connections, every write and every read. Knows no torch.

See README.md in this folder for a picture of the schema and worked SQL queries.
"""
