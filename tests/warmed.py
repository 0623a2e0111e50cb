"""The program as its fork server holds it: imported, with its kernels loaded."""

import jobs.audit
import jobs.measure
import jobs.reproduce
import jobs.run
import jobs.simulate
import jobs.tables
import jobs.train  # noqa: F401
from jobs.compute import Chunk, compute
from modadd.simulators import SIMULATORS

for kind, simulator in SIMULATORS.items():
    if simulator.origin is not None:
        continue  # begins at a stored snapshot, and uses the kernels of the others
    compute(
        Chunk(
            kind=kind, configs=(simulator.config(),), epochs=(0, 1), schedule="all",
            parameters="all", device="cpu",
        )
    )  # fmt: skip
