"""The curve of one layer as a user of scikit-learn makes it; driven by run.ts.

One JSON line comes in for each layer, with the files that hold its features (float32, rows x filters), labels (float64) and split
(bytes: 0 training, 1 validation), and the penalties; an empty object asks for one timed run. One JSON line goes out for each.
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model import lasso_path

TRAIN, VALIDATION = 0, 1


def load(request):
    features = np.fromfile(request["features"], np.float32).reshape(-1, request["filters"])
    labels = np.fromfile(request["labels"], np.float64)
    parts = np.fromfile(request["parts"], np.uint8)
    return features, labels, parts, np.array(request["lambdas"]), request["tolerance"]


def run(features, labels, parts, lambdas, tolerance):
    start = time.process_time()
    # Column-major, as lasso_path wants it: it would copy otherwise.
    train = np.asfortranarray(features[parts == TRAIN], np.float64)
    mean = train.mean(axis=0)
    train -= mean
    scale = train.std(axis=0)
    scale[scale == 0] = 1
    train /= scale
    middle = labels[parts == TRAIN].mean()
    target = labels[parts == TRAIN] - middle
    gram = train.T @ train
    cross = train.T @ target
    summed = time.process_time()
    _, weights, gaps = lasso_path(
        train, target, alphas=lambdas, precompute=gram, Xy=cross, copy_X=False, tol=tolerance, max_iter=100_000
    )
    followed = time.process_time()
    held_out = (features[parts == VALIDATION] - mean) / scale
    errors = (labels[parts == VALIDATION] - middle)[:, None] - held_out @ weights
    rmse = np.sqrt(np.mean(errors**2, axis=0))
    end = time.process_time()
    return {
        "seconds": end - start,
        "statistics": summed - start,
        "path": followed - summed,
        "gap": float(gaps.max() / np.mean(target**2)),
        "rmse": rmse.tolist(),
    }


def main():
    warnings.simplefilter("ignore")
    print(json.dumps({"versions": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}"}), flush=True)
    layer = None
    for line in sys.stdin:
        request = json.loads(line)
        if request:
            layer = load(request)
            print(json.dumps({}), flush=True)
        else:
            print(json.dumps(run(*layer)), flush=True)


main()
