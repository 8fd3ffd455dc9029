"""The whole job by gql: gql_job.py URL MODEL_ARCHIVE DATASET_ARCHIVE OUT, with the token in KNEEPOINT_TOKEN."""

import hashlib
import os
import sys
from pathlib import Path

import requests
from gql import Client, gql
from gql.transport.requests import RequestsHTTPTransport
from gql.transport.websockets import WebsocketsTransport

url, model_file, dataset_file, out = sys.argv[1:]
headers = {"authorization": f"Bearer {os.environ['KNEEPOINT_TOKEN']}"}
http = Client(transport=RequestsHTTPTransport(f"{url}/graphql", headers=headers), execute_timeout=None)
DOCUMENT = Path(__file__).with_name("job.graphql").read_text("utf-8")


def operation(name, **variables):
    request = gql(DOCUMENT)
    request.operation_name = name
    request.variable_values = variables
    return request


def ask(name, **variables):
    [payload] = http.execute(operation(name, **variables)).values()
    if payload.get("userErrors"):
        raise SystemExit(f"{name}: {payload['userErrors']}")
    return payload


def upload(path):
    data = Path(path).read_bytes()
    target = ask("CreateUpload", bytes=len(data))["upload"]
    for part in target["parts"]:
        piece = data[part["offset"] : part["offset"] + part["bytes"]]
        requests.put(part["url"], data=piece, timeout=60).raise_for_status()
    sha256 = hashlib.sha256(data).hexdigest()
    ask("CompleteUpload", id=target["id"], sha256=sha256)
    return sha256


def ended(launched):
    id = launched["run"]["id"]
    socket = WebsocketsTransport(
        f"{url.replace('http', 'ws', 1)}/graphql",
        init_payload=headers,
        subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
    )
    states = [
        update["runUpdated"]["state"]
        for update in Client(transport=socket, execute_timeout=None).subscribe(operation("RunUpdated", id=id))
    ]
    run = ask("Run", id=id)
    if run["state"] != "SUCCEEDED":
        raise SystemExit(f"{run['state']}: {run['failure']}")
    print(*states)
    return run


preprocess = {"channels": "rgb", "range": [0, 1], "mean": [0.5], "std": [0.25]}
model = ended(ask("RegisterModel", input={"name": "gql", "upload": upload(model_file), "preprocess": preprocess}))
dataset = ended(ask("RegisterDataset", input={"name": "gql", "upload": upload(dataset_file)}))
run = ended(
    ask(
        "LaunchCompression",
        input={
            "model": model["model"]["id"],
            "dataset": dataset["dataset"]["id"],
            "plan": {"task": "gender"},
            "targets": [{"kind": "MACS", "remove": 0.5}],
            "arms": [],
        },
    )
)
artifact = run["compressions"]["edges"][0]["node"]["model"]
network = requests.get(artifact["downloadUrl"], timeout=60).content
assert hashlib.sha256(network).hexdigest() == artifact["sha256"]
Path(out).write_bytes(network)
