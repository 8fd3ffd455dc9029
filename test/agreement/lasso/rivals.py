"""Solves every data set of a folder with scikit-learn: coordinate descent and LARS on the Gram matrix.

Usage: rivals.py FOLDER NAME... ; reads NAME.x (n x p), NAME.y and NAME.lambda as float64, writes NAME.cd and NAME.lars
(p x lambdas, column-major). Prints the versions.
"""
import sys
import warnings

import numpy
import sklearn
from sklearn.linear_model import lars_path_gram, lasso_path

warnings.filterwarnings("ignore")
folder, names = sys.argv[1], sys.argv[2:]
for name in names:
    y = numpy.fromfile(f"{folder}/{name}.y")
    x = numpy.fromfile(f"{folder}/{name}.x").reshape(len(y), -1)
    lambdas = numpy.fromfile(f"{folder}/{name}.lambda")
    gram, xty = x.T @ x, x.T @ y
    _, cd, _ = lasso_path(x, y, alphas=lambdas, precompute=gram, Xy=xty, tol=1e-14, max_iter=20_000)
    alphas, _, coefs = lars_path_gram(xty, gram, n_samples=len(y), method="lasso", max_iter=5000, alpha_min=0)
    lars = numpy.array([numpy.interp(lambdas, alphas[::-1], row[::-1]) for row in coefs])
    cd.T.astype(float).tofile(f"{folder}/{name}.cd")
    lars.T.astype(float).tofile(f"{folder}/{name}.lars")
print(f"scikit-learn {sklearn.__version__}, numpy {numpy.__version__}, Python {sys.version.split()[0]}")
