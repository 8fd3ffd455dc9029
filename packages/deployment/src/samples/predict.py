"""What the network says of pictures: `python predict.py PICTURE…`. Given a folder with labels.jsonl (one JSON object a line: "image", and
a member for each column that config.json names), or for one task of classes with a folder of pictures for each class, it prints the
report's metric over them: `python predict.py ../test`. Where the folder has an expected.json it says whether all is as it was when this
was packaged."""

import json
import math
import pathlib
import sys
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import onnxruntime

from preprocess import read_planes

FOLDER = pathlib.Path(__file__).resolve().parent.parent
CONFIG = json.loads((FOLDER / "config.json").read_text("utf8"))
PREPROCESS = json.loads((FOLDER / "model.preprocess.json").read_text("utf8"))
TASKS = CONFIG["tasks"]


def run(session, path):
    """The numbers of one picture, task by task."""
    entry = CONFIG["input"]
    planes = read_planes(path, PREPROCESS, entry["width"], entry["height"], entry["channels"])
    if entry["layout"] == "NHWC":
        planes = planes.transpose(1, 2, 0)
    if entry["type"] == "uint8":
        # Halves go up, as in JavaScript.
        planes = np.floor(planes.astype(np.float64) + 0.5)
    images = np.zeros((entry["batch"] or 1, *planes.shape), entry["type"])
    images[0] = planes
    feeds = {entry["name"]: images}
    for other in CONFIG["otherInputs"]:
        # Nothing reads it, and still it must be fed.
        feeds[other["name"]] = np.zeros(other["dims"], other["type"])
    results = dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds)))
    return [results[task["output"]].reshape(-1)[task["from"] : task["to"]].tolist() for task in TASKS]


def decide(task, numbers):
    """Ids of classes, labels or bins, or the value."""
    if task["gives"] == "label" or task["type"] == "continuous":
        return numbers
    if task["type"] == "categorical":
        return [numbers.index(max(numbers))]
    if task["type"] == "ordered":
        return [bin_of(task, numbers)]
    thresholds = task["thresholds"] or [0.5] * len(numbers)
    return [int(number >= threshold) for number, threshold in zip(numbers, thresholds)]


def bin_of(task, values):
    found = 0
    for edges, value in zip(task["bins"], values):
        found = found * (len(edges) + 1) + sum(value >= edge for edge in edges)
    return found


def truth_of(task, row):
    """What labels say, as `decide` gives it; None where nothing is known."""
    cells = [row.get(column) for column in task["columns"]]
    if task["type"] in ("multilabel", "continuous"):
        return cells
    if None in cells:
        return [None]
    if task["type"] == "ordered":
        return [bin_of(task, cells)]
    return [task["classes"].index(cells[0]) if task["classes"] and isinstance(cells[0], str) else int(cells[0])]


def show(task, decision):
    names = task["classes"]
    if task["type"] == "continuous":
        return fixed(decision[0]) + (" " + task["unit"] if task["unit"] else "")
    if task["type"] != "multilabel":
        return names[decision[0]] if names else str(decision[0])
    found = [(names or task["columns"])[k] for k, yes in enumerate(decision) if yes]
    return " + ".join(found) or "none"


def measure(task, pairs):
    """The share of right answers among those that are known, or the root of the mean squared error."""
    known = [(answer, truth) for answer, truth in pairs if truth is not None]
    if task["metric"] == "accuracy":
        return sum(answer == truth for answer, truth in known) / len(known)
    total = 0.0
    for answer, truth in known:
        total += (truth - answer) ** 2
    return math.sqrt(total / len(known))


def fixed(value):
    # Of two that are equally near the larger, as in JavaScript.
    digits = abs(Decimal(value)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return f"{'-' if value < 0 else ''}{digits}"


def labelled(folder):
    path = folder / "labels.jsonl"
    if path.exists():
        return [json.loads(line) for line in path.read_text("utf8").split("\n") if line]
    names = (TASKS[0]["classes"] or []) if len(TASKS) == 1 else []
    rows = [
        {"image": f"{name}/{file.name}", TASKS[0]["columns"][0]: name}
        for name in names
        if (folder / name).is_dir()
        for file in sorted((folder / name).iterdir())
    ]
    if not rows:
        raise SystemExit(f"{folder} has neither labels.jsonl nor a folder for each class")
    return rows


def main(paths):
    if not paths:
        raise SystemExit("name pictures, or a folder with labels.jsonl")
    session = onnxruntime.InferenceSession(str(FOLDER / "model.onnx"), providers=["CPUExecutionProvider"])
    folder = pathlib.Path(paths[0])
    if folder.is_file():
        for path in paths:
            said = [f"{task['name']} = {show(task, decide(task, numbers))}" for task, numbers in zip(TASKS, run(session, path))]
            print(f"{path}: {', '.join(said)}")
        return 0
    lines, pairs = [], [[] for _ in TASKS]
    for row in labelled(folder):
        said = []
        for i, numbers in enumerate(run(session, folder / row["image"])):
            decision, truth = decide(TASKS[i], numbers), truth_of(TASKS[i], row)
            pairs[i].extend(zip(decision, truth))
            said.append(f"{TASKS[i]['name']} = {show(TASKS[i], decision)}")
        lines.append(f"{row['image']}: {', '.join(said)}")
    for task, own in zip(TASKS, pairs):
        known = any(truth is not None for _, truth in own)
        lines.append(f"{task['metric']} of {task['name']}: {fixed(measure(task, own)) if known else 'no labels'}")
    print("\n".join(lines))
    expected = folder / "expected.json"
    if not expected.exists():
        return 0
    same = json.loads(expected.read_text("utf8"))["lines"] == lines
    print("as expected" if same else "NOT as expected: see expected.json")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
