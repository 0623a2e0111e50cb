"""Old files: brought to the present schema version, after a backup, in one transaction.

How the schema grows:

- A **metric** or a **config field** is declared (`db.declarations`) and needs no version.
- A **new table** is a model in `db.schema`: whoever next opens a file for writing creates it there.
  Readers meet files without it (`inspect(engine).has_table`).
- A **change to a table that stands** makes a version: `SCHEMA_VERSION` grows by one, the step is a
  file `db/migrations/versions/version_N.py` in Alembic's terms, and the version before gets a file
  in `tests/databases`. A version may still change until it is released. Files of older versions are
  read as they are: `db.shapes`, which refuses what declares less than ours, must admit them.

The version of a file is `store.schema_version` alone; Alembic keeps none of its own.
"""

import sys
from collections.abc import Callable
from itertools import chain, count
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, update

from db.backup import companions, copy_whole
from db.errors import without_password
from db.schema import SCHEMA_VERSION, Base, Store

STEPS = Path(__file__).parent / "migrations"


def upgrade(
    engine: Engine, version: int, steps: Path = STEPS, target: int = SCHEMA_VERSION
) -> None:
    """Bring a database from an older version to `target`; what is done is said on stderr.

    The caller holds the lock of the writers. A SQLite file is first copied beside itself; the copy
    stays. All steps are one transaction: if anything fails, the file is as it was.

    Raises:
        StoreError: if there is no room for the copy, say; nothing has changed then.
    """
    path = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    if path is not None:
        kept = _free_name(path, target)
        copy_whole(path, kept)
        _say(f"the database {path} as it was is kept in {kept}")
    with engine.execution_options(writes=True).begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            for step in _steps(steps, version):
                step()
        Base.metadata.create_all(connection)
        connection.execute(update(Store).values(schema_version=target))
    place = without_password(str(engine.url)) if path is None else path
    _say(f"upgraded {place} from schema version {version} to {target}")


def _steps(directory: Path, version: int) -> list[Callable[[], None]]:
    """What leads from a version to the newest, in order."""
    script = ScriptDirectory(str(directory))
    steps = [step for step in script.walk_revisions() if int(step.revision) > version]
    return [step.module.upgrade for step in reversed(steps)]


def _free_name(path: str, target: int) -> Path:
    """FILE.before-version-2.db, or the first of FILE.before-version-2.1.db, … that is free."""
    stem = f"{path}.before-version-{target}"
    names = chain([f"{stem}.db"], (f"{stem}.{again}.db" for again in count(1)))
    return next(
        name for name in map(Path, names) if not any(p.exists() for p in (name, *companions(name)))
    )


def _say(text: str) -> None:
    print(f"modadd: {text}", file=sys.stderr)
