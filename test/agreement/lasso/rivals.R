# Solves every data set of a folder with glmnet. Usage: Rscript rivals.R FOLDER NAME...
# Reads NAME.x (n x p, row-major), NAME.y and NAME.lambda as float64, writes NAME.glmnet (p x lambdas, column-major).
suppressPackageStartupMessages(library(glmnet))
arguments <- commandArgs(trailingOnly = TRUE)
glmnet.control(fdev = 0, devmax = 1) # else it ends the path early
folder <- arguments[1]
doubles <- function(file) readBin(file, "double", n = file.info(file)$size / 8, size = 8, endian = "little")
for (name in arguments[-1]) {
  at <- function(suffix) file.path(folder, paste0(name, suffix))
  y <- doubles(at(".y"))
  x <- matrix(doubles(at(".x")), nrow = length(y), byrow = TRUE)
  fit <- glmnet(x, y, lambda = doubles(at(".lambda")), standardize = FALSE, intercept = FALSE,
                thresh = 1e-24, maxit = 3e6)
  out <- file(at(".glmnet"), "wb")
  writeBin(as.vector(as.matrix(fit$beta)), out, size = 8, endian = "little")
  close(out)
}
cat(sprintf("glmnet %s, %s\n", packageVersion("glmnet"), R.version.string))
