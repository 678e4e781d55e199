# Occupancy of a three-state chain with absorption by msm's matrix exponential.
suppressMessages(library(msm))
q <- rbind(c(-.3, .25, .05), c(.1, -.15, .05), c(0, 0, 0))
for (t in c(.5, 2, 10)) cat(sprintf("%.17g %.17g %.17g\n", MatrixExp(q, t)[1, 1], MatrixExp(q, t)[1, 2], MatrixExp(q, t)[1, 3]))
