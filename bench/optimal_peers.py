# The Van der Pol problem of bench/optimal_bench.cpp by CasADi (same Radau collocation, same Ipopt tolerance) and SciPy (SLSQP on single shooting).
import json
import sys
import time

import numpy as np

job = json.loads(sys.argv[1])
N, T, highest = job["intervals"], 10.0, job["highest"]
out = {}


def casadi_radau():
    import casadi as ca
    c = ca.collocation_points(3, "radau")
    nodes = [0] + c
    D = np.zeros((3, 4))
    weights = np.zeros(3)
    for j in range(4):
        p = np.poly1d([1.0])
        for r in range(4):
            if r != j:
                p *= np.poly1d([1, -nodes[r]]) / (nodes[j] - nodes[r])
        D[:, j] = np.polyder(p)(np.array(c))
    for j in range(3):
        p = np.poly1d([1.0])
        for r in range(3):
            if r != j:
                p *= np.poly1d([1, -c[r]]) / (c[j] - c[r])
        weights[j] = np.polyval(np.polyint(p), 1.0)
    h = T / N
    w, lb, ub, start, g, J = [], [], [], [], [], 0
    x = ca.SX.sym("x0", 2)
    w.append(x), lb.extend([0, 1]), ub.extend([0, 1]), start.extend([0, 1])
    for k in range(N):
        u = ca.SX.sym(f"u{k}")
        w.append(u), lb.append(-1), ub.append(highest), start.append(0.5 * (highest - 1))
        points = [x]
        for i in range(3):
            y = ca.SX.sym(f"x{k}_{i}", 2)
            w.append(y), lb.extend([-np.inf] * 2), ub.extend([np.inf] * 2), start.extend([0, 1])
            points.append(y)
        for i in range(3):
            y = points[i + 1]
            f = ca.vertcat((1 - y[1] ** 2) * y[0] - y[1] + u, y[0])
            g.append(sum(D[i, j] * points[j] for j in range(4)) - h * f)
            J = J + h * weights[i] * (y[0] ** 2 + y[1] ** 2 + u ** 2)
        x = points[3]
    began = time.perf_counter()
    solver = ca.nlpsol("solver", "ipopt", {"x": ca.vertcat(*w), "f": J, "g": ca.vertcat(*g)}, {"print_time": 0, "ipopt.print_level": 0, "ipopt.sb": "yes", "ipopt.tol": 1e-9, "ipopt.bound_relax_factor": 0})
    built = time.perf_counter() - began
    seconds = 1e300
    for _ in range(5):
        began = time.process_time()
        found = solver(x0=start, lbx=lb, ubx=ub, lbg=0, ubg=0)
        seconds = min(seconds, time.process_time() - began)
    return {"cost": float(found["f"]), "seconds": seconds, "build_seconds": built, "iterations": solver.stats()["iter_count"], "version": ca.__version__}


def scipy_shooting(count):
    import scipy
    from scipy.integrate import solve_ivp
    from scipy.optimize import minimize
    h = T / count

    def rates(_, y, u):      # state, cost, and their derivatives by (x1, x2, u)
        x1, x2 = y[0], y[1]
        S = y[3:].reshape(3, 3)
        A = np.array([[1 - x2 ** 2, -2 * x1 * x2 - 1, 0], [1, 0, 0], [2 * x1, 2 * x2, 0]])
        dS = A @ S
        dS[0, 2] += 1
        dS[2, 2] += 2 * u
        return np.concatenate([[(1 - x2 ** 2) * x1 - x2 + u, x1, x1 ** 2 + x2 ** 2 + u ** 2], dS.ravel()])

    def cost(us):
        x, J, steps = np.array([0.0, 1.0]), 0.0, []
        for u in us:
            S0 = np.zeros((3, 3))
            S0[0, 0] = S0[1, 1] = 1
            y = solve_ivp(rates, (0, h), np.concatenate([x, [0], S0.ravel()]), args=(u,), rtol=1e-9, atol=1e-11, method="DOP853").y[:, -1]
            steps.append(y[3:].reshape(3, 3))
            x, J = y[:2], J + y[2]
        g, adjoint = np.zeros(count), np.zeros(2)
        for k in range(count - 1, -1, -1):
            g[k] = steps[k][2, 2] + steps[k][:2, 2] @ adjoint
            adjoint = steps[k][2, :2] + steps[k][:2, :2].T @ adjoint
        return J, g

    began = time.process_time()
    found = minimize(cost, np.full(count, 0.5 * (highest - 1)), jac=True, bounds=[(-1, highest)] * count, method="SLSQP", options={"ftol": 1e-13, "maxiter": 500})
    return {"cost": float(found.fun), "seconds": time.process_time() - began, "iterations": int(found.nit), "controls": found.x.tolist(), "version": scipy.__version__}


if "casadi" in job["peers"]:
    try:
        out["casadi"] = casadi_radau()
    except ImportError:
        pass
if "scipy" in job["peers"]:
    try:
        out["scipy"] = scipy_shooting(job["shooting_intervals"])
    except ImportError:
        pass
print(json.dumps(out))
