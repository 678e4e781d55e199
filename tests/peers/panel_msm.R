# A panel model of R msm on a table (id, time_h, state; the last state is death, known to the moment): its log-likelihood at given rates, and
# with "fit" the seconds and the maximum as well. Arguments: table, "plain" or "misread", "value" or "fit", then rates G1-S S-G2 G2-G1 and
# the three death rates, then for misread the six probabilities (by row) and the start probabilities of S and G2.
suppressMessages(library(msm))
arguments <- commandArgs(trailingOnly = TRUE)
d <- read.csv(arguments[1])
misread <- arguments[2] == "misread"
p <- as.numeric(arguments[-(1:3)])
q <- rbind(c(0, p[1], 0, p[4]), c(0, 0, p[2], p[5]), c(p[3], 0, 0, p[6]), c(0, 0, 0, 0))
call <- list(state ~ time_h, subject = d$id, data = d, qmatrix = q, deathexact = 4)
if (misread) {
  call$ematrix <- rbind(c(0, p[7], p[8], 0), c(p[9], 0, p[10], 0), c(p[11], p[12], 0, 0), c(0, 0, 0, 0))
  call$initprobs <- c(1 - p[13] - p[14], p[13], p[14], 0)
}
at <- do.call(msm, c(call, fixedpars = TRUE))
cat(sprintf("%.17g\n", -at$minus2loglik / 2))
if (arguments[3] == "fit") {
  if (misread) call$est.initprobs <- TRUE
  took <- system.time(fit <- do.call(msm, c(call, list(control = list(fnscale = abs(at$minus2loglik), maxit = 1000)))))
  cat(sprintf("%.17g %.17g\n", took[["elapsed"]], -fit$minus2loglik / 2))
}
