# Robertson's problem by deSolve's lsoda at tight tolerance.
suppressMessages(library(deSolve))
f <- function(t, y, p) list(c(-.04*y[1] + 1e4*y[2]*y[3], .04*y[1] - 1e4*y[2]*y[3] - 3e7*y[2]^2, 3e7*y[2]^2))
out <- ode(c(1, 0, 0), c(0, .4, 4, 40, 400), f, NULL, method = "lsoda", rtol = 1e-11, atol = 1e-14, maxsteps = 1e5)
cat(sprintf("%.17g %.17g %.17g\n", out[-1, 2], out[-1, 3], out[-1, 4]), sep = "")
