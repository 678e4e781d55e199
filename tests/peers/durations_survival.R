# Durations through R survival: parametric fits of interval data with a covariate, Kaplan-Meier with left truncation, Aalen-Johansen, Turnbull.
suppressMessages(library(survival))
files <- commandArgs(TRUE)
out <- function(...) {
  values <- c(...)
  values[is.na(values)] <- NaN
  cat(sprintf("%.15g\n", values), sep = "")
}
d <- read.table(files[1], header = TRUE)      # lower upper arm; an upper of -1 is cut off
upper <- ifelse(d$upper < 0, NA, d$upper)
for (family in c("lognormal", "weibull")) {
  fit <- survreg(Surv(d$lower, upper, type = "interval2") ~ d$arm, dist = family, control = survreg.control(rel.tolerance = 1e-13, maxiter = 200))
  out(coef(fit), fit$scale, fit$loglik[2])
}
k <- read.table(files[2], header = TRUE)      # entry time cause, 0: cut off
km <- summary(survfit(Surv(k$entry, k$time, k$cause > 0) ~ 1, conf.type = "log-log"))
out(length(km$time), km$time, km$surv, km$std.err, km$lower, km$upper)
w <- subset(k, entry == 0)
w$id <- seq_len(nrow(w))
aj <- summary(survfit(Surv(w$time, factor(w$cause, 0:2)) ~ 1, id = w$id))
out(length(aj$time), aj$time, aj$pstate[, 2:3], aj$std.err[, 2:3])
u <- read.table(files[3], header = TRUE)      # lower upper without exact ones
at <- seq(0.5, 30, by = 1)
out(summary(survfit(Surv(ifelse(u$lower > 0, u$lower, 1e-9), ifelse(u$upper < 0, NA, u$upper), type = "interval2") ~ 1), times = at, extend = TRUE)$surv)
