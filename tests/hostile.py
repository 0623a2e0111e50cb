"""What a console must withstand: statements that are refused, and statements that are cut.

As a program, `hostile.py DATABASE`, it asks what is cut and prints the answers and the memory used.
"""

import json
import re
import resource
import sys
from itertools import pairwise
from pathlib import Path

WRITES = [
    "DELETE FROM runs",
    "delete\tfrom\nruns",
    "DROP TABLE runs",
    "DROP VIEW transformer_runs",
    "UPDATE store SET revision = 0",
    "INSERT INTO runs SELECT * FROM runs",
    "REPLACE INTO store VALUES (1, 1, 1, '')",
    "WITH gone AS (SELECT 1) DELETE FROM series",
    "INSERT INTO store DEFAULT VALUES RETURNING *",
    "CREATE TABLE mine (a)",
    "CREATE TEMP TABLE mine AS SELECT * FROM runs",
    "CREATE TEMP VIEW mine AS SELECT 1",
    "CREATE INDEX mine ON runs (kind)",
    "CREATE TRIGGER mine AFTER INSERT ON runs BEGIN DELETE FROM runs; END",
    "ALTER TABLE runs RENAME TO walks",
    "REINDEX",
    "ANALYZE",
    "VACUUM",
    "VACUUM INTO 'copy.db'",
    "BEGIN EXCLUSIVE",
    "COMMIT",
    "SAVEPOINT mine",
    "EXPLAIN DELETE FROM runs",
]
OUT_OF_BOUNDS = [
    "ATTACH 'other.db' AS other",
    "ATTACH ':memory:' AS other",
    "ATTACH 'file:/etc/passwd?mode=ro' AS other",
    "DETACH main",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA hard_heap_limit = 1",
    "PRAGMA temp_store_directory = '/tmp'",
    "PRAGMA table_info(runs)",
    "PRAGMA/**/database_list",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM pragma_table_info('runs')",
    "SELECT load_extension('evil.so')",
    "SELECT LOAD_EXTENSION('evil.so', 'go')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('mine', 'x')",
    "SELECT edit('x')",
    "SELECT fts3_tokenizer('simple', x'00')",
    "CREATE VIRTUAL TABLE mine USING fts5(a)",
    "CREATE VIRTUAL TABLE temp.mine USING csv(filename='/etc/passwd')",
    "SELECT * FROM dbstat",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM sqlite_stmt",
    "SELECT * FROM sqlite_temp_master",
    "SELECT * FROM json_each('[1]')",
    "SELECT COUNT(*) FROM json_tree('[[1]]')",
    "SELECT * FROM generate_series(1, 1e9)",
    "SELECT sqlite_source_id(), sqlite_version()",
    "SELECT last_insert_rowid()",
    "SELECT [load_extension]('evil.so')",
    "SELECT * FROM runs WHERE runs MATCH 'x'",
    "SELECT highlight(runs, 0, '<b>', '</b>') FROM runs",
    "SELECT snippet(runs, 0, '', '', '', 9) FROM runs",
    "SELECT bm25(runs) FROM runs",
    "INSERT INTO runs (runs) VALUES ('rebuild')",
    "CREATE VIRTUAL TABLE temp.words USING fts5vocab(runs, 'row')",
    "SELECT json_object('a', 1)",
    "SELECT json_group_object(kind, 1) FROM runs",
    "SELECT json_patch('{}', '{}')",
    "SELECT json_set('{}', '$.a', zeroblob(9))",
]
GIANTS = [
    "SELECT printf('%.*c', 900000000, 'x')",
    "SELECT format('%900000000d', 1)",
    "SELECT zeroblob(900000000)",
    "SELECT LENGTH(randomblob(900000000))",
    "SELECT replace(hex(zeroblob(1000000)), '0', 'xxxxxxxxxx')",
    "SELECT instr(kind, 'x') FROM runs",
    "SELECT json_group_array(1) FROM runs",
    "SELECT quote(zeroblob(9e8))",
    "SELECT char(1, 2, 3)",
    "SELECT trim(kind, kind) FROM runs",
    "WITH RECURSIVE big(x) AS (SELECT 'x' UNION ALL SELECT x || x FROM big) SELECT MAX(x) FROM big",
    "SELECT " + ", ".join(["1"] * 500),
    "SELECT " + "(" * 2000 + "1" + ")" * 2000,
    "SELECT " + " + ".join(["1"] * 3000),
    "SELECT 1" + " UNION ALL SELECT 1" * 500,
    "SELECT '" + "x" * 30_000 + "'",
    "SELECT 1 WHERE 'x' LIKE '" + "%x" * 300 + "'",
]
MALFORMED = [
    "",
    " ;; ; ",
    "-- nothing",
    "/* nothing */",
    "/* never closed",
    "SELECT 1; DROP TABLE runs",
    "SELECT 1; SELECT 2",
    "SELECT 1 /* ; */ ; DELETE FROM runs --",
    "SELECT 'never closed",
    "SELECT ?",
    "SELECT :name",
    "SELECT 1\0; DROP TABLE runs",
    "SELECT '\ud800'",
    "ＳＥＬＥＣＴ １",
    "SELECT\u00a01",
    "\u202eSELECT 1",
    "DELETE\u200b FROM runs",
    "; DELETE FROM runs",
    "EXPLAIN",
    "\ufeffDROP TABLE runs",
    "SELECT 1\uff1b DROP TABLE runs",
    "SELECT 1\u037e DROP TABLE runs",
    "SELECT 1;\u2028DROP TABLE runs",
    "DR\u0130P TABLE runs",
    "DEL/**/ETE FROM runs",
    "/* SELECT */ DELETE FROM runs",
    "--\nDELETE FROM runs",
    "SELECT 1 --\n; DELETE FROM runs",
    "/*! DELETE FROM runs */",
    "SELECT 1 /* /* */ */",
    "SELECT * FROM nowhere",
    "SELECT <script>alert(1)</script>",
    ".shell ls",
    "import os",
]
REFUSED = WRITES + OUT_OF_BOUNDS + GIANTS + MALFORMED

_COUNT = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
_LETTERS = (
    "WITH RECURSIVE s(x) AS (SELECT 'aaaaaaaaaaaaaaaa' UNION ALL SELECT x || x FROM s "
    "WHERE LENGTH(x) < 500000), n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
)
_MANY = "series AS k, series AS l, series AS m"
_LONG = "LENGTH(x) > 400000 AND x || k.epoch || l.epoch || m.epoch"
SORTING = (
    f"{_LETTERS} SELECT x || k.epoch FROM s, {_MANY} WHERE LENGTH(x) > 400000 ORDER BY x || k.epoch"
)
ENDLESS = [
    f"{_COUNT} SELECT COUNT(*) FROM n",
    f"{_COUNT} SELECT MAX(i) FROM n",
    f"{_COUNT} SELECT i FROM n ORDER BY i DESC",
    f"{_COUNT} SELECT DISTINCT hex(i) FROM n WHERE i < 0 OR LENGTH(hex(i)) < 0",
    f"{_COUNT} SELECT SUM(i) OVER (ORDER BY -i) FROM n",
    f"{_COUNT} SELECT i, COUNT(*) FROM n GROUP BY i % 1000003, hex(i)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT -i * 3 + 1 FROM n UNION SELECT i * 2 FROM n) "
    "SELECT COUNT(*) FROM n",
    "SELECT COUNT(*) FROM series AS a, series AS b, series AS c, series AS d",
    "SELECT MAX(a.x0 * b.x1) FROM embedding_points AS a, embedding_points AS b, "
    "embedding_points AS c, embedding_points AS d",
    "SELECT a.run_id FROM snapshots AS a, snapshots AS b, snapshots AS c ORDER BY a.embedding",
    # Over tables, since SQLite would first make the whole of an endless n; each value is long.
    f"{_LETTERS} SELECT COUNT(*) FROM s, {_MANY} WHERE {_LONG} LIKE '%a%a%a%a%a%a%a%a%a%a%a%b'",
    f"{_LETTERS} SELECT COUNT(*) FROM s, {_MANY} WHERE {_LONG} GLOB '*a*a*a*a*a*a*a*a*a*a*a*b'",
    f"{_LETTERS} SELECT COUNT(*) FROM s, {_MANY} WHERE {_LONG} LIKE '%{'a' * 47}b'",
    f"{_LETTERS} SELECT COUNT(*) FROM s, {_MANY} WHERE {_LONG} GLOB '*{'[a-b]' * 9}c'",
    f"{_LETTERS} SELECT COUNT(*) FROM {_MANY} WHERE "
    "(SELECT group_concat(x) FROM s WHERE LENGTH(x) < 200000 + k.epoch) < 'a'",
    SORTING,
    "SELECT (SELECT COUNT(*) FROM series AS b, series AS c WHERE b.epoch > a.epoch) "
    "FROM series AS a ORDER BY 1",
]
# Those end by the budget of an answer: row after row of half a megabyte, and row after row.
_WIDE = (
    f"{_LETTERS}, h(z) AS (SELECT substr(x, 1, 490000) FROM s WHERE LENGTH(x) > 500000), "
    "w(y) AS (SELECT z || z || '😀' FROM h)"
)
ABUNDANT = [
    f"{_WIDE} SELECT {', '.join(['y'] * 120)} FROM w",
    f"{_LETTERS} SELECT x, x, x, x FROM s, series WHERE LENGTH(x) > 400000",
    f"{_COUNT} SELECT i FROM n",
    "SELECT * FROM series AS a, series AS b",
]


def _doubling(times, select="SELECT x.a FROM {0} AS x, {0} AS y"):
    names = [f"t{i}" for i in range(times)]
    parts = [f"{b} AS ({select.format(a)})" for a, b in pairwise(names)]
    return f"WITH t0 AS (SELECT 1 AS a), {', '.join(parts)} SELECT COUNT(*) FROM {names[-1]}"


# What SQLite copies without end while it reads the statement, where no deadline is looked at.
EXPLODING = [
    _doubling(25),
    _doubling(200),
    _doubling(25, "SELECT a FROM {0} UNION ALL SELECT a FROM {0}"),
    _doubling(25, "SELECT (SELECT a FROM {0}) + (SELECT a FROM {0}) AS a"),
    _doubling(12, "SELECT b.a FROM " + ", ".join(f"{{0}} AS {x}" for x in "bcdefghijklmnop")),
]


def main(database, seconds):
    from db.connect import reader
    from db.console import ask

    engine = reader(database)
    ask(engine, "SELECT * FROM transformer_runs")
    before = peak_megabytes()
    for sql in ENDLESS + ABUNDANT + GIANTS + EXPLODING:
        # What ends by its own budget may take its time on a busy machine.
        found = ask(engine, sql, 10_000, seconds if sql in ENDLESS else 60)
        grown = peak_megabytes() - before
        print(json.dumps([sql, found.refused, found.cut, grown]))


def peak_megabytes():
    """Of this process alone: Linux counts what called it into `ru_maxrss`."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
