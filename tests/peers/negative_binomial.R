# DESeq2 and edgeR on the counts of a file: tables of numbers on standard output, one line per gene.
suppressPackageStartupMessages({library(DESeq2); library(edgeR)})
options(digits = 15)
args <- commandArgs(TRUE)
counts <- as.matrix(read.table(args[1]))                 # samples x genes
design <- as.matrix(read.table(args[2]))                 # samples x coefficients
given <- as.matrix(read.table(args[3]))                  # genes x (trend, shrunken)
dimnames(design) <- list(NULL, c("intercept", paste0("c", seq_len(ncol(design) - 1))))
y <- t(counts); dimnames(y) <- list(paste0("g", seq_len(nrow(y))), paste0("s", seq_len(ncol(y))))
dds <- suppressMessages(DESeqDataSetFromMatrix(y, data.frame(row.names = colnames(y), x = seq_len(ncol(y))), ~1))
dds <- estimateSizeFactors(dds)
own <- suppressMessages(estimateDispersions(dds, modelMatrix = design))
dispersions(dds) <- given[, 2]
wald <- suppressMessages(nbinomWaldTest(dds, betaPrior = FALSE, modelMatrix = design, modelMatrixType = "standard", useOptim = TRUE, maxit = 500))
w <- results(wald, name = "c1", cooksCutoff = FALSE, independentFiltering = FALSE)
offset <- matrix(log(sizeFactors(dds)), nrow(y), ncol(y), byrow = TRUE)
fit <- glmQLFit(y, design, dispersion = given[, 1], offset = offset, abundance.trend = FALSE)
test <- glmQLFTest(fit, coef = 2)
apl <- adjustedProfileLik(given[, 1], y, design, offset)
cat(sizeFactors(dds), "\n")
prior <- if (is.finite(fit$df.prior[1])) fit$df.prior[1] else 1e9
cat(prior, fit$var.prior[1], "\n")
finite <- function(x) ifelse(is.na(x), -1, x)
cat(t(cbind(w$log2FoldChange, w$lfcSE, finite(w$pvalue), test$table$F, test$table$PValue, apl, finite(mcols(own)$dispGeneEst), finite(mcols(own)$dispMAP), finite(mcols(own)$dispFit))), "\n")
