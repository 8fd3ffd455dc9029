"""`check.py CASES.json FEEDS.bin` prints a line for each file that onnx.checker or ONNX Runtime finds fault with."""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx.helper import tensor_dtype_to_np_dtype

ort.set_default_logger_severity(4)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
# Of float32 near one, where a Sigmoid adds and takes away.
ROUNDING = 1e-7


def answers(path, feeds):
    session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds)))


def faults(case, data):
    onnx.checker.check_model(case['cut'], full_check=True)
    feeds = {}
    for feed in case['feeds']:
        kind = np.dtype(tensor_dtype_to_np_dtype(feed['type']))
        count = int(np.prod(feed['dims']))
        feeds[feed['name']] = np.frombuffer(data, kind, count, feed['offset']).reshape(feed['dims'])
    wanted, found = answers(case['whole'], feeds), answers(case['cut'], feeds)
    if list(wanted) != list(found):
        return f'gives {list(found)}, not {list(wanted)}'
    for name, value in wanted.items():
        if value.shape != found[name].shape or value.dtype != found[name].dtype:
            return f'{name} is {found[name].dtype} {found[name].shape}, not {value.dtype} {value.shape}'
        one, other = value.astype(np.float64), found[name].astype(np.float64)
        difference = np.max(np.abs(one - other), initial=0)
        if not difference <= case['tolerance'] * np.max(np.abs(one), initial=0) + ROUNDING:
            return f'{name} differs by {difference}'
    return None


cases = json.load(open(sys.argv[1]))
data = open(sys.argv[2], 'rb').read()
for case in cases:
    try:
        fault = faults(case, data)
    except Exception as error:
        fault = ' '.join(str(error).split())[:300]
    if fault:
        print(f"{case['name']}: {fault}")
