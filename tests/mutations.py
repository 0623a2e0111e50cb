"""Faults planted one at a time in structures, forces and statistics: `mutations.py [MODULE]`.

Each is a change of a line that a hand could slip into. The module's fast tests must fail on every
one; the program prints what became of each, and exits with the number that none of them noticed.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

from hypothesis import settings

TESTS = Path(__file__).parent
# module → (the line as it is, with the fault in it), each found once in its file.
FAULTS = {
    "structures": [
        ("CIRCLE_THRESHOLD = 1.2", "CIRCLE_THRESHOLD = 1.3"),
        ("PROSE_TOLERANCE = 0.1", "PROSE_TOLERANCE = 0.2"),
        ("radii.max(axis=1) / radii.min(axis=1)", "radii.max(axis=1) / radii.mean(axis=1)"),
        ("radii = np.sqrt(np.sum(np.square(", "radii = np.abs(np.sum(np.square("),
        ("radius_ratio(embedding) < threshold", "radius_ratio(embedding) <= threshold"),
        ("residue[self.nearest] != residue", "residue[self.nearest] == residue"),
        ("np.square(tolerance * scale(positions))", "tolerance * np.square(scale(positions))"),
        ("gaps <= reach", "gaps < 2 * reach"),
        ("~near.any(axis=2), near", "~near.all(axis=2), near"),
        ("near.sum(axis=(1, 2))", "near.any(axis=2).sum(axis=1)"),
        ("within / max(_are_others(partners).sum(), 1)", "within / partners.size"),
        ("squared[own, start + own] = np.inf", "squared[own, own] = np.inf"),
        ("nearest = np.argmin(squared, axis=1)", "nearest = np.argmax(squared, axis=1)"),
        ("squared = squared + gap * gap", "squared = squared + abs(gap)"),
        ("gap = here - there", "gap = here + there"),
        ("np.argsort(~alike", "np.argsort(alike"),
        ("np.where(np.take_along_axis(alike, partners, axis=1), partners, own)", "partners"),
        ("imperfect_pairs(embedding).sum(axis=1)", "imperfect_pairs(embedding).any(axis=1)"),
        ("neighbours(embedding, tolerance).alone", "neighbours(embedding).alone"),
        ("np.where(others, squared, np.inf)", "squared"),
        ("np.sqrt(nearest) / scale(some)", "nearest / scale(some)"),
        ("embedding - embedding.mean(axis=1, keepdims=True)", "embedding"),
        (".sum(axis=2).mean(axis=1)", ".mean(axis=2).mean(axis=1)"),
        ("np.fft.rfft(centred, axis=1)[:, 1:]", "np.fft.rfft(centred, axis=1)[:, 2:]"),
        ("power[:, -1] /= 2", "power[:, -1] *= 2"),
        ("positions.shape[1] % 2 == 0", "positions.shape[1] % 2 == 1"),
        ("power.max(axis=1), total", "power.min(axis=1), total"),
        ("neighbours(embedding, tolerance).realised", "neighbours(embedding).realised"),
    ],
    "forces": [
        (
            "_inverse(xp.sum(r * r, axis=-1, keepdims=True) + softening**2)",
            "_inverse(xp.sum(r * r, axis=-1, keepdims=True) + softening)",
        ),
        ("-attraction * xp.sqrt(inverse)", "-attraction * inverse"),
        ("-attraction * xp.sqrt(inverse), repulsion", "attraction * xp.sqrt(inverse), repulsion"),
        ("repulsion * inverse)", "repulsion * xp.sqrt(inverse))"),
        (
            "facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) > 0",
            "facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) < 0",
        ),
        (
            "facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) > 0",
            "facing = xp.sum(x_ij * x_kl, axis=-1, keepdims=True) >= 0",
        ),
        ("r = x_ij - x_kl\n    inverse", "r = x_kl - x_ij\n    inverse"),
        (
            "gaps = [x[:, :, None, axis] - x[:, None, :, axis]",
            "gaps = [x[:, None, :, axis] - x[:, :, None, axis]",
        ),
        ("sum(gap * gap for gap in gaps) + epsilon**2", "sum(gap * gap for gap in gaps)"),
        ("g_r * different_weight * inverse - g_a", "g_r * different_weight * inverse + g_a"),
        ("g_a * same_weight * xp.sqrt(inverse)", "g_a * same_weight * inverse"),
        ("for axis in axes) > 0", "for axis in axes) < 0"),
        ("for axis in axes) > 0", "for axis in axes) >= 0"),
        (
            "_like(incidence(modulus).T, reference)",
            "_like(incidence(modulus).T > 0, reference)",
        ),
        ("alike - 1, len(residue) - alike", "alike, len(residue) - alike"),
        ("alike - 1, len(residue) - alike", "alike - 1, len(residue) - alike - 1"),
        ('if weighting == "none":', 'if weighting != "none":'),
        ("if weighting not in WEIGHTINGS:", "if not weighting:"),
        ("(alike & partners), different", "alike, different"),
        ("different[:, None] * ~alike", "different[None, :] * ~alike"),
        ("where(squared > 0, squared, np.inf)", "where(squared >= 0, squared, np.inf)"),
        ("array.reshape(-1, 1, 1)", "array.reshape(1, 1, -1)"),
        ("xp.where(same, together, -apart) * facing", "xp.where(same, together, apart) * facing"),
        ("return clustering + sign * pull", "return clustering - sign * pull"),
        ("pull = _pulls(x_kl, alignment_form)", "pull = _pulls(x_ij, alignment_form)"),
        (
            "together * same_weight - apart * different_weight",
            "together * same_weight + apart * different_weight",
        ),
        ("pull[:, None, :, axis], axis=2)", "pull[:, :, None, axis], axis=2)"),
        ("pull[:, None, :, axis], axis=2)", "pull[:, None, :, axis], axis=1)"),
        (
            "        alignment=alignment,\n        weighting=known",
            "        weighting=known",
        ),
        (
            "softening=softening,\n        alignment_form=alignment_form,\n    )\n    return",
            "alignment_form=alignment_form,\n    )\n    return",
        ),
        (
            "first, second = (\n        xp.asarray(tokens.copy(), device=reference.device)\n"
            "        for tokens in (listed.first, listed.second)",
            "first, second = (\n        xp.asarray(tokens.copy(), device=reference.device)\n"
            "        for tokens in (listed.first, listed.first)",
        ),
    ],
    "statistics": [
        ("CONFIDENCE = 0.95", "CONFIDENCE = 0.9"),
        ("Z = float(special.ndtri((1 + CONFIDENCE) / 2))", "Z = float(special.ndtri(CONFIDENCE))"),
        ("special.stdtrit(degrees, (1 + CONFIDENCE) / 2)", "special.stdtrit(degrees, CONFIDENCE)"),
        ("t_quantile(n - 1) * numbers", "t_quantile(n) * numbers"),
        ("numbers.std(ddof=1) / math.sqrt(n)", "numbers.std(ddof=0) / math.sqrt(n)"),
        ("numbers.std(ddof=1) / math.sqrt(n)", "numbers.std(ddof=1) / n"),
        ("Estimate(value, math.nan, math.nan, 1)", "Estimate(value, value, value, 1)"),
        ("return Estimate(count / n,", "return Estimate((count + 1) / (n + 2),"),
        ("degrees = np.where(enough, n - 1, np.nan)", "degrees = np.where(enough, n, np.nan)"),
        ("deviation / np.sqrt(np.where(enough, n, 1))", "deviation / np.where(enough, n, 1)"),
        ("centre = (count + Z**2 / 2)", "centre = (count + Z**2)"),
        ("/ total + Z**2 / 4)", "/ total + Z**2 / 2)"),
        ("np.where(count == 0, 0 * total, centre - half)", "centre - half"),
        ("np.where(count == n, total / total, centre + half)", "centre + half"),
        ("math.log(2 / (1 - CONFIDENCE))", "math.log(1 / (1 - CONFIDENCE))"),
        ("/ (2 * n)) if n", "/ n) if n"),
        ("counts.cumsum() / max(n, 1)", "counts / max(n, 1)"),
        ("stats.ks_2samp(first, second", "stats.ks_2samp(first, first"),
        ("min(len(first), len(second)) == 0", "max(len(first), len(second)) == 0"),
        ('"exact" if len(first) * len(second) <= _EXACT', '"exact" if False'),
        ("np.ptp(first) > 0 and np.ptp(second) > 0", "np.ptp(first) > 0"),
        ("np.ptp(first) > 0 and np.ptp(second) > 0", "np.ptp(second) > 0"),
        (
            "first, second = stats.rankdata(first), stats.rankdata(second)",
            "first, second = stats.rankdata(first), second",
        ),
        ("fisher_interval(r, n, spearman_spread(r))", "fisher_interval(r, n)"),
        ("1 + r * r / 2", "1 + r * r"),
        (
            "if n < 4:\n        return math.nan, math.nan\n    if abs",
            "if n < 3:\n        return math.nan, math.nan\n    if abs",
        ),
        ("Z * math.sqrt(spread / (n - 3))", "Z * math.sqrt(spread / (n - 2))"),
        ("if abs(r) == 1:", "if abs(r) == 2:"),
        ("math.tanh(math.atanh(r) - half), ", "r - half, "),
        ("0.45304 ** abs(r)", "0.45304 ** r"),
        ("n**-0.50089", "n**-0.5"),
        ('"BCa",\n', '"percentile",\n'),
        ("if len(x) < 4:", "if len(x) < 1:"),
        ("rng=np.random.default_rng(0)", "rng=np.random.default_rng()"),
        (
            '"olivoto": lambda x, y, r: olivoto_interval(r, len(x))',
            '"olivoto": lambda x, y, r: fisher_interval(r, len(x))',
        ),
        ("if n == 0 or other_n == 0:", "if n == 0 and other_n == 0:"),
        ("max(0, total - other_n), min(n, total) + 1", "max(0, total - other_n), min(n, total)"),
        ("_log_choose(other_n, total - possible)", "_log_choose(other_n, possible)"),
        ("* (1 + 1e-7)", "* (1 - 1e-7)"),
        ("* (1 + 1e-7)", ""),
        ("probabilities <= seen", "probabilities >= seen"),
        ("special.gammaln(n - k + 1)", "special.gammaln(n - k)"),
        ("math.hypot(our_error, other_half_width / Z)", "math.hypot(our_error, other_half_width)"),
        ("(ours.high - ours.low) / 2 / float(", "(ours.high - ours.low) / float("),
        ("math.sqrt(1 / ours.n + 1 / other_n)", "math.sqrt(1 / ours.n)"),
        ("special.stdtr(ours.n - 1, -abs", "special.stdtr(other_n - 1, -abs"),
        ("if min(n, other_n) < 4 or", "if n < 4 or"),
        ("max(abs(r), abs(other_r)) >= 1", "abs(r) >= 1"),
        ("1 / (n - 3) + 1 / (other_n - 3)", "1 / (n - 3)"),
        ("math.atanh(r) - math.atanh(other_r)", "r - other_r"),
        ("        return 1.0 if difference == 0 else math.nan", "        return 1.0"),
        ("        return 1.0 if ours.value == other else math.nan", "        return 1.0"),
        ("2 * special.ndtr(-abs(difference)", "special.ndtr(-abs(difference)"),
        ("2 * special.stdtr(ours.n", "special.stdtr(ours.n"),
    ],
}
# The tests that must notice; for structures also those of the engine without compiled kernels.
NOTICING = {
    "structures": ["test_structures.py"],
    "forces": ["test_forces.py"],
    "statistics": ["test_statistics.py"],
}


def source(module):
    return (TESTS.parent / "modadd" / f"{module}.py").read_text(encoding="utf-8")


def plant(module, line, fault):
    """Import the module with the fault in it, in place of the true one."""
    name = f"modadd.{module}"
    spec = importlib.util.find_spec(name)
    planted = importlib.util.module_from_spec(spec)
    sys.modules[name] = planted
    exec(compile(source(module).replace(line, fault), spec.origin, "exec"), planted.__dict__)
    setattr(importlib.import_module("modadd"), module, planted)


def noticed(module, line, fault):
    """Whether the module's tests fail with the fault; in a process of its own."""
    import pytest

    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        plant(module, line, fault)
        files = [str(TESTS / file) for file in NOTICING[module]]
        # Without the fixtures of other tests, whose imports would take most of the time.
        loaded = "ignore::pytest.PytestAssertRewriteWarning"  # Hypothesis, before pytest
        options = ["-x", "-q", "--noconftest", "-p", "no:cacheprovider", "-W", loaded]
        os._exit(int(pytest.main([*options, *files])))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == pytest.ExitCode.TESTS_FAILED


def main(*modules):
    for heavy in ("torch", "scipy.stats", "numba", "pytest"):
        importlib.import_module(heavy)  # once, before the processes fork
    settings.register_profile("planted", derandomize=True, deadline=None, database=None)
    settings.load_profile("planted")
    missed = 0
    for module in modules or FAULTS:
        if noticed(module, "", ""):
            raise SystemExit(f"{module}: the tests fail without a fault")
        for line, fault in FAULTS[module]:
            if source(module).count(line) != 1:
                raise SystemExit(f"{module}: no such line, or several: {line!r}")
            if not noticed(module, line, fault):
                missed += 1
                print(f"{module}: not noticed: {fault!r} for {line!r}", flush=True)
        print(f"{module}: {len(FAULTS[module])} faults planted", flush=True)
    print(f"{sum(map(len, FAULTS.values()))} faults in all, {missed} not noticed")
    return missed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
