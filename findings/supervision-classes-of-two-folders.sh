#!/bin/sh
# supervision gives classes of Pascal VOC other numbers in each folder.
# Guess: VOC's files name classes and do not number them; numbers have to come from somewhere, and the order in which names turn up is another one in training and in validation.
# Seen: with supervision 0.31.2 two folders of the same names, whose first picture shows a dog in one and a cat in the other, make 0 a dog in one and a cat in the other; what was trained on the first is judged by the second with the
# classes swapped, and nothing says so. The same folders read as COCO, which numbers, and folders of a classification, sorted by name, agree. There is no argument by which from_pascal_voc is told the classes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet supervision==0.31.2 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import inspect
import json
import os
from importlib.metadata import version

import numpy as np
import supervision as sv
from PIL import Image

SHOWN = {"training": ["dog", "cat", "bird"], "validation": ["cat", "dog", "bird"]}
NAMES = ["bird", "cat", "dog"]
VOC = (
    "<annotation><filename>{file}</filename><size><width>64</width><height>64</height><depth>3</depth></size>"
    "<object><name>{name}</name><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>40</xmax><ymax>40</ymax></bndbox></object></annotation>"
)
voc, coco, folders = {}, {}, {}
for part, shown in SHOWN.items():
    for place, name in enumerate(shown):
        for where in (f"{part}/images", f"{part}/voc", f"{part}/classes/{name}"):
            os.makedirs(where, exist_ok=True)
        file = f"{place}.png"
        image = Image.fromarray(np.full((64, 64, 3), 50 * place, np.uint8))
        image.save(f"{part}/images/{file}")
        image.save(f"{part}/classes/{name}/{file}")
        with open(f"{part}/voc/{place}.xml", "w") as out:
            out.write(VOC.format(file=file, name=name))
    with open(f"{part}/coco.json", "w") as out:
        json.dump(
            {
                "images": [{"id": place, "file_name": f"{place}.png", "width": 64, "height": 64} for place in range(3)],
                "categories": [{"id": number, "name": name} for number, name in enumerate(NAMES)],
                "annotations": [
                    {"id": place, "image_id": place, "category_id": NAMES.index(name), "bbox": [10, 10, 30, 30], "area": 900, "iscrowd": 0}
                    for place, name in enumerate(shown)
                ],
            },
            out,
        )
    voc[part] = sv.DetectionDataset.from_pascal_voc(f"{part}/images", f"{part}/voc").classes
    coco[part] = sv.DetectionDataset.from_coco(f"{part}/images", f"{part}/coco.json").classes
    folders[part] = sv.ClassificationDataset.from_folder_structure(f"{part}/classes").classes
    print("supervision", version("supervision"), part, "VOC", voc[part], "COCO", coco[part], "folders", folders[part])
assert coco["training"] == coco["validation"] == folders["training"] == folders["validation"] == NAMES
assert "classes" not in inspect.signature(sv.DetectionDataset.from_pascal_voc).parameters, "no longer so"
assert sorted(voc["training"]) == sorted(voc["validation"]) == NAMES
assert voc["training"] != voc["validation"], "no longer so"
PYTHON
