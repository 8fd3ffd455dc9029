"""scikit-learn's Gram kernel along a path; driven by made.ts and faces.ts.

Each line asks for one timed run: files of the Gram matrix and of X'y (float64, over n), yy, penalties, the tolerance, and a limit in
seconds. Every penalty starts from the solution before it. Where the limit ends a run, the answer says how far it came.
"""

import json
import sys
import time
import warnings

import numpy as np
import sklearn
from sklearn.linear_model._cd_fast import enet_coordinate_descent_gram

SWEEPS = 1000
# That a call did not converge is seen by its gap.
warnings.simplefilter("ignore")


def run(request):
    cross = np.fromfile(request["cross"])
    gram = np.fromfile(request["gram"]).reshape(len(cross), -1)
    # The kernel only takes the norm of y.
    target = np.array([np.sqrt(request["yy"])])
    tolerance, limit = request["tolerance"], request["limit"]
    random = np.random.RandomState(0)
    weights = np.zeros(len(cross))
    gaps = []
    start = time.process_time()
    for penalty in request["lambdas"]:
        gap = np.inf
        while gap > tolerance * request["yy"] and time.process_time() - start < limit:
            weights, gap, _, _ = enet_coordinate_descent_gram(
                weights, penalty, 0.0, gram, cross, target, SWEEPS, tolerance, random, False, False
            )
        if gap == np.inf:
            break
        gaps.append(gap / request["yy"])
    return {"seconds": time.process_time() - start, "gaps": gaps}


print(json.dumps({"versions": f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}"}), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
