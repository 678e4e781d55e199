# REML of a random intercept and slope model on an unbalanced table given as group x y; variances and fixed effects by nlme.
suppressMessages(library(nlme))
d <- read.table(commandArgs(TRUE)[1], header = TRUE)
fit <- lme(y ~ x, random = list(group = pdDiag(~x)), data = d, method = "REML", control = lmeControl(tolerance = 1e-10, msTol = 1e-12, niterEM = 100, opt = "optim", reltol = 1e-14))
v <- as.numeric(VarCorr(fit)[, 1])
cat(sprintf("%.12g\n", c(v, fixef(fit), sqrt(diag(vcov(fit))))), sep = "")
