# Log-likelihoods of durations and of pairs at given parameters by SciPy: exact, interval, cut off, truncated; copula with two cut-off members.
import sys

import numpy as np
from scipy import integrate, stats

rows = np.loadtxt(sys.argv[1], skiprows=1)      # lower upper above below; -1: infinite
families = {
    "gamma": stats.gamma(4.2, scale=9.0 / 4.2),
    "lognormal": stats.lognorm(0.37, scale=8.5),
    "weibull": stats.weibull_min(2.3, scale=10.1),
    "exgaussian": stats.exponnorm(3.1 / 1.2, loc=5.7, scale=1.2),
    "delayed_exponential": stats.expon(loc=1.5, scale=6.5),
}
for name, law in families.items():
    total = 0.0
    for lower, upper, above, below in rows:
        if upper < 0:
            seen = law.logsf(lower)
        elif lower == upper:
            seen = law.logpdf(lower)
        else:
            seen = np.log(law.cdf(upper) - law.cdf(lower))
        # times below 0 count as 0
        base = 1.0 if above <= 0 else law.sf(above)
        base -= 0.0 if below < 0 else law.sf(below)
        total += seen - np.log(base)
    print("%.15g" % total)

# forward recurrence at growth rate 0.06 /h: one exact residual of 3 h, one cut off at 7 h, gamma
law, g = families["gamma"], 0.06
whole = integrate.quad(lambda u: np.exp(-g * u) * law.sf(u), 0, np.inf, epsabs=1e-13, epsrel=1e-13)[0]
exact = integrate.quad(lambda u: np.exp(-g * (u - 3)) * law.pdf(u), 3, np.inf, epsabs=1e-13, epsrel=1e-13)[0] / whole
later = integrate.quad(lambda u: np.exp(-g * (u - 7)) * law.sf(u), 7, np.inf, epsabs=1e-13, epsrel=1e-13)[0] / whole
print("%.15g" % (np.log(exact) + np.log(later)))

pairs = np.loadtxt(sys.argv[2], skiprows=1)     # a, cut off, b, cut off
first, second, rho = families["lognormal"], families["gamma"], 0.55
both = stats.multivariate_normal([0, 0], [[1, rho], [rho, 1]])
s = np.sqrt(1 - rho**2)
total = 0.0
for a, ca, b, cb in pairs:
    h, k = stats.norm.isf(first.sf(a)), stats.norm.isf(second.sf(b))
    if not ca and not cb:
        total += first.logpdf(a) + second.logpdf(b) + both.logpdf([h, k]) - stats.norm.logpdf(h) - stats.norm.logpdf(k)
    elif ca and cb:      # by quadrature: SciPy's bivariate cdf is a random one
        total += np.log(integrate.quad(lambda z: stats.norm.pdf(z) * stats.norm.sf((k - rho * z) / s), h, 12, epsabs=1e-14, epsrel=1e-13)[0])
    elif cb:
        total += first.logpdf(a) + stats.norm.logsf((k - rho * h) / s)
    else:
        total += second.logpdf(b) + stats.norm.logsf((h - rho * k) / s)
print("%.15g" % total)
