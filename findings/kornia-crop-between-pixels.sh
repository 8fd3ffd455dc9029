#!/bin/sh
# kornia cuts the middle out of a picture half a pixel aside, and blurs it, where the margin is odd.
# Guess: the middle of 341 columns is 58.5 from the left of 224; a library that crops by warping lands between two columns and takes their mean, in a function that its name says only cuts.
# Seen: kornia 0.9.0's geometry.center_crop gives 58.5 59.5 ... of columns that hold their own number, and noise has half its spread where both margins are odd; at even ones it cuts. Its own augmentation.CenterCrop cuts at 58 and 59,
# torchvision 0.29.2 at 58 and 60 (it rounds halves to even), for 341 and 343 columns. So features of one network differ by who cropped.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet kornia==0.9.0 torchvision==0.29.2 torch==2.15.0 numpy==2.4.6
cd "$folder"
"$folder/python/bin/python" - <<'PYTHON'
import kornia
import torch
from torchvision.transforms.v2.functional import center_crop

SIDE = 224
WAYS = {
    "kornia.geometry": lambda image: kornia.geometry.center_crop(image, (SIDE, SIDE)),
    "kornia.augmentation": kornia.augmentation.CenterCrop(SIDE),
    "torchvision": lambda image: center_crop(image, [SIDE, SIDE]),
}
first, spread = {}, {}
for columns in (340, 341, 343):
    numbers = torch.arange(columns).float().expand(1, 1, SIDE, columns)
    noise = torch.rand(1, 1, SIDE + columns - 340, columns, generator=torch.Generator().manual_seed(0))
    for name, crop in WAYS.items():
        first[name, columns] = round(float(crop(numbers)[0, 0, 100, 0]), 3)
        spread[name, columns] = float(crop(noise).std())
    print("kornia", kornia.__version__, columns, "columns: first one kept", {name: first[name, columns] for name in WAYS}, "spread of noise", {name: round(spread[name, columns], 3) for name in WAYS})
assert all(first[name, 340] == 58 for name in WAYS)
assert [first["kornia.augmentation", columns] for columns in (341, 343)] == [58, 59]
assert [first["torchvision", columns] for columns in (341, 343)] == [58, 60], "no longer so"
assert [first["kornia.geometry", columns] for columns in (341, 343)] == [58.5, 59.5], "no longer so"
assert abs(spread["kornia.geometry", 340] - spread["torchvision", 340]) < 0.01
assert spread["kornia.geometry", 341] < 0.8 * spread["torchvision", 341], "no longer so"
PYTHON
