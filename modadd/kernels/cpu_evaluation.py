"""What networks make of all pairs, on processors: cross-entropy and correctness, by Numba.

The formulae are those of `modadd.metrics.Measured`. Pairs pass through a network a block at a time
as in `modadd.kernels.cpu_training`, in float64 whatever the parameters are kept in.
"""

from modadd.kernels.cpu_training import add_pairs, compiled, groups, joined, part, parted
from modadd.kernels.tiles import affine, affine_relu

# Of the files whose code is compiled into this one's: see `modadd.kernels.cpu_training.TILES`.
TILES = "e8e1ea6a583fee2d"
TRAINING = "bb894c0f24507197"


@compiled
def classify_runs(embeddings, classifiers, scale, pairs, sizes, correct, work):
    """Whether the highest logit is that of a pair's residue, with one network after the other.

    Written: correct (run, pair). embeddings (run, N, D) and classifiers (run, count), of any type;
    scale: how many times as far from the origin pair sums are. pairs (3, pair) is padded: see
    `cpu_training.train_runs`. work, in float64: x (D, block), h (H, block), o (N, block), four rows
    (block,), and the parameters of a network.
    """
    theta, block = work[-1], work[0].shape[1]
    network = groups(theta, sizes)
    for run in range(len(embeddings)):
        _widen(theta, embeddings[run], classifiers[run], scale)
        for start in range(0, pairs.shape[1], block):
            part = slice(start, start + block)
            _classify(network, pairs[:, part], correct[run, part], work)


@compiled
def evaluate_runs(embeddings, classifiers, pairs, sizes, correct, target, total, work):
    """`classify_runs`, and what makes the cross-entropy, which is target + log(total).

    Written: correct, target and total (run, pair).
    """
    _, _, o, highest, sums, whole, rest, theta = work
    network = groups(theta, sizes)
    for run in range(len(embeddings)):
        _widen(theta, embeddings[run], classifiers[run], 1)
        for start in range(0, pairs.shape[1], o.shape[1]):
            part = slice(start, start + o.shape[1])
            _classify(network, pairs[:, part], correct[run, part], work)
            _leave_target(target[run, part], o, highest, pairs[2, part])
            _add_exponentials(o, highest, sums, whole, rest)
            total[run, part] = sums[: len(total[run, part])]


@part
def _widen(theta, embedding, classifier, scale):
    """theta ← a network's parameters, with the embedding times the scale."""
    flat, scale = embedding.reshape(embedding.size), embedding.dtype.type(scale)
    for q in range(len(flat)):
        theta[q] = scale * flat[q]
    rest = theta[len(flat) :]
    for q in range(len(classifier)):
        rest[q] = classifier[q]


@part
def _classify(network, pairs, correct, work):
    E, W_h, b_h, W_o, b_o = network
    x, h, o, highest, answer = work[:5]
    add_pairs(x, E, pairs[0], pairs[1])
    affine_relu(h, W_h, x, b_h)
    affine(o, W_o, h, b_o)
    highest[:], answer[:] = o[0], 0
    for n in range(1, o.shape[0]):
        for p in range(o.shape[1]):  # of equal logits the first is the answer
            answer[p] = n if o[n, p] > highest[p] else answer[p]
            highest[p] = max(highest[p], o[n, p])
    for p in range(len(correct)):
        correct[p] = answer[p] == pairs[2, p]


@part
def _leave_target(target, o, highest, residue):
    """target[p] ← how far the logit of a pair's residue is below the highest."""
    for p in range(len(target)):
        target[p] = highest[p] - o[residue[p], p]


@part
def _add_exponentials(o, highest, total, whole, rest):
    """total[p] ← Σ_n exp(o[n, p] - highest[p]).

    In two short loops: a processor begins with the next numbers before it is through with these,
    but looks only so far ahead.
    """
    total[:] = 0
    for n in range(o.shape[0]):
        for p in range(o.shape[1]):
            whole[p], rest[p] = parted(o[n, p] - highest[p])
        for p in range(o.shape[1]):
            total[p] += joined(whole[p], rest[p])
