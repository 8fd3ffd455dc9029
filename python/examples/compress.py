"""A network and labelled images in, a smaller network and its report out.

    KNEEPOINT_URL=http://127.0.0.1:4000 KNEEPOINT_TOKEN=kp_… python compress.py net.onnx faces/ eyes out/

Each cell (`# %%`) stands by itself in a notebook.
"""

# %%
import os
import sys
from pathlib import Path

model_file, images, task, out = sys.argv[1:5]
url = os.environ.get("KNEEPOINT_URL", "http://127.0.0.1:4000")
token = os.environ.get("KNEEPOINT_TOKEN")

# %%
import kneepoint

gateway = kneepoint.Client(url, token=token)
model = gateway.upload_model(model_file)
faces = gateway.upload_dataset(images)

# %%
run = gateway.launch_compression(model["id"], faces["id"], task, remove=0.5, arms=[])
for state in gateway.follow(run["id"]):
    progress = state["progress"]
    print(f"{state['state']:<10} {progress['fraction']:4.0%} {progress['current'] or ''}")

# %%
report = gateway.report(run["id"])
[compression, *_] = gateway.compressions(run["id"])
network = gateway.download(compression["model"], Path(out, "small.onnx"))
print(network, compression["label"])
