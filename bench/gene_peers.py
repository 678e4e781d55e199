# The peers of bench/gene_bench: the same Dormand-Prince steps and their gradient by PyTorch's autograd, by torchdiffeq, and by NumPy with the adjoint written by hand.
# Argument: the job file. The last line printed is JSON by peer: processor seconds on one thread, the loss, and every stride-th entry of the gradient.
import json
import sys
import time

import numpy as np

job = json.load(open(sys.argv[1]))
G, B, N, h, folder = job["genes"], job["columns"], job["steps"], job["step"], job["folder"]
p = np.fromfile(folder + "/parameters")
x0 = np.ascontiguousarray(np.fromfile(folder + "/start").reshape(B, G).T)
pattern = None if job["dense"] else np.fromfile(folder + "/pattern").astype(np.int64).reshape(-1, 2)
genes = p[: 3 * G].reshape(G, 3)
edges = p[3 * G:]
stride = max(1, len(p) // 1000)
A = [[], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729], [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]]


def least(body, runs):
    best, out = 1e300, None
    for _ in range(runs):
        began = time.process_time()
        out = body()
        best = min(best, time.process_time() - began)
    return best, out


runs = 1 if G >= 5000 or (G >= 2000 and not job["dense"]) else 2 if G >= 2000 else 4
said = {}


# Costs, loss and every stride-th entry of the gradient, under the peer's name and version.
def say(name, forward, gradient):
    seconds, _ = least(forward, runs)
    gradient_seconds, (loss, whole) = least(gradient, runs)
    said[name] = {"forward": seconds, "gradient_seconds": gradient_seconds, "loss": float(loss), "gradient": whole[::stride].tolist(), "stride": stride}


def numpy_peer():
    import scipy.sparse as sparse

    capacity, bias, decay = (np.ascontiguousarray(genes[:, i])[:, None] for i in range(3))
    if pattern is None:
        W = np.ascontiguousarray(edges.reshape(G, G))
        Wt = W.T
    else:
        to, source = pattern[:, 0], pattern[:, 1]
        W = sparse.csr_matrix((edges, (to, source)), shape=(G, G))
        Wt = W.T.tocsr()

    def slopes(x):
        v = np.tanh(W @ x + bias)
        return capacity * v - decay * x, v

    def step(x, k1, keep):
        k, points, values = [k1[0]], [x], [k1[1]]
        for s in range(1, 7):
            y = x + sum((h * a) * ki for a, ki in zip(A[s], k) if a)
            f, v = slopes(y)
            if s < 6:
                k.append(f)
                if keep:
                    points.append(y)
                    values.append(v)
        return y, (f, v), points, values

    def forward(keep=False):
        x, k1, trail = x0, slopes(x0), []
        for _ in range(N):
            x, k1, points, values = step(x, k1, keep)
            if keep:
                trail.append((points, values))
        return x, trail

    def gradient():
        x, trail = forward(True)
        lam = 2 * x
        c_bar, b_bar, d_bar = np.zeros(G), np.zeros(G), np.zeros(G)
        w_bar = np.zeros((G, G)) if pattern is None else np.zeros(len(edges))
        for points, values in reversed(trail):
            bars = [None] * 6
            for s in range(5, -1, -1):
                w = (h * A[6][s]) * lam if A[6][s] else 0
                for i in range(s + 1, 6):
                    w = w + (h * A[i][s]) * bars[i]
                y, v = points[s], values[s]
                z_bar = capacity * (1 - v * v) * w
                c_bar += np.einsum("ij,ij->i", w, v)
                b_bar += z_bar.sum(1)
                d_bar -= np.einsum("ij,ij->i", w, y)
                if pattern is None:
                    w_bar += z_bar @ y.T
                else:
                    w_bar += np.einsum("ij,ij->i", z_bar[to], y[source])
                bars[s] = Wt @ z_bar - decay * w
            lam = lam + sum(bars)
        return (x * x).sum(), np.concatenate([np.stack([c_bar, b_bar, d_bar], 1).ravel(), w_bar.ravel()])

    say("NumPy " + np.__version__, forward, gradient)


def torch_peer():
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    start = torch.from_numpy(x0)
    g = torch.tensor(genes, requires_grad=True)
    e = torch.tensor(edges, requires_grad=True)
    index = None if pattern is None else torch.from_numpy(pattern.T.copy())

    def network():
        capacity, bias, decay = g[:, 0:1], g[:, 1:2], g[:, 2:3]
        if pattern is None:
            W = e.view(G, G)
            return lambda x: capacity * torch.tanh(torch.addmm(bias, W, x)) - decay * x
        W = torch.sparse_coo_tensor(index, e, (G, G), is_coalesced=True)
        return lambda x: capacity * torch.tanh(torch.sparse.mm(W, x) + bias) - decay * x

    def forward():
        f = network()
        x, k1 = start, f(start)
        for _ in range(N):
            k = [k1]
            for s in range(1, 7):
                y = x
                for a, ki in zip(A[s], k):
                    if a:
                        y = torch.add(y, ki, alpha=h * a)
                k.append(f(y))
            x, k1 = y, k[6]
        return x

    def value():
        with torch.no_grad():
            return forward()

    def gradient():
        g.grad = e.grad = None
        loss = forward().square().sum()
        loss.backward()
        return loss.item(), np.concatenate([g.grad.numpy().ravel(), e.grad.numpy().ravel()])

    say("PyTorch " + torch.__version__.split("+")[0], value, gradient)
    if G > 500:
        return
    try:
        import torchdiffeq
    except ImportError:
        return

    # Its dopri5, made to take the same steps: fixed steps are not on offer, so the tolerance accepts all and the times cut them.
    times = torch.arange(N + 1) * h
    loose = {"rtol": 1e9, "atol": 1e9, "method": "dopri5", "options": {"first_step": 10.0, "step_t": times[1:]}}

    def course():
        f = network()
        return torchdiffeq.odeint(lambda t, x: f(x), start, times[[0, N]], **loose)[-1]

    def course_value():
        with torch.no_grad():
            return course()

    def course_gradient():
        g.grad = e.grad = None
        loss = course().square().sum()
        loss.backward()
        return loss.item(), np.concatenate([g.grad.numpy().ravel(), e.grad.numpy().ravel()])

    say("torchdiffeq " + getattr(torchdiffeq, "__version__", ""), course_value, course_gradient)


for peer in (numpy_peer, torch_peer):
    try:
        peer()
    except ImportError:
        pass
print(json.dumps(said) if said else "")
