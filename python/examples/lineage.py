"""What a run read and made, as OpenLineage events: for Marquez, DataHub and whatever else draws lineage.

    pip install kneepoint openlineage-python
    KNEEPOINT_URL=http://127.0.0.1:4000 KNEEPOINT_TOKEN=kp_… OPENLINEAGE_URL=http://marquez:5000 python lineage.py RUN

Waits for the run to end, then sends when it began and how it ended. Where events go is OpenLineage's own configuration. Sent
again, for the same run, they are the same events.
"""

import os
import sys
import uuid

import kneepoint
from openlineage.client import OpenLineageClient, set_producer
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    dataset_version_dataset,
    documentation_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    tags_run,
)

QUERY = """query($id: ID!) { run(id: $id) {
  kind name state createdAt startedAt endedAt tasks
  labels { key value }
  failure { code message }
  model { name artifact { sha256 } }
  dataset { name artifact { sha256 } }
  compressions(first: 100) { edges { node { label model { sha256 bytes } result { verdict } } } }
  prunings(first: 100) { edges { node { label model { sha256 bytes } result { verdict } } } }
} }"""
HOW_IT_ENDED = {"SUCCEEDED": RunState.COMPLETE, "FAILED": RunState.FAIL, "TIMED_OUT": RunState.FAIL, "CANCELED": RunState.ABORT}


def events(gateway, id):
    """Two events: that the run began, and how it ended."""
    for _ in gateway.follow(id):
        pass
    run = gateway.query(QUERY, id=id)["run"]
    named = [part["name"] for part in (run["model"], run["dataset"]) if part]
    # A job is what is done again and again: runs of one kind about the same tasks, of a network by its name.
    job = Job(
        namespace=gateway.url,
        name="/".join([run["kind"].lower(), *named[:1], "+".join(run["tasks"]) or "all"]),
        facets={"jobType": job_type_job.JobTypeJobFacet(processingType="BATCH", integration="KNEEPOINT", jobType=run["kind"])},
    )
    facets = {}
    if run["labels"]:
        labels = [tags_run.TagsRunFacetFields(key=label["key"], value=label["value"]) for label in run["labels"]]
        facets["tags"] = tags_run.TagsRunFacet(tags=labels)
    if run["failure"]:
        message = f"{run['failure']['code']}: {run['failure']['message']}"
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(message=message, programmingLanguage="TypeScript")
    # An id of the gateway is opaque; OpenLineage wants a UUID.
    lineage = Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{gateway.url}/runs/{id}")), facets=facets)
    inputs = [
        InputDataset(gateway.url, f"{what}s/{run[what]['name']}", facets={"version": version(run[what]["artifact"]["sha256"])})
        for what in ("model", "dataset")
        if run[what]
    ]
    # A compression cuts on the way to what it delivers; a pruning delivers its cuts.
    made = [edge["node"] for edge in run["compressions" if run["kind"] == "COMPRESSION" else "prunings"]["edges"]]
    outputs = [output(gateway.url, "/".join([*named[:1], *run["tasks"]]), node) for node in made]
    began = run["startedAt"] or run["createdAt"]
    yield RunEvent(eventType=RunState.START, eventTime=began, run=lineage, job=job, inputs=inputs)
    ended = HOW_IT_ENDED[run["state"]]
    yield RunEvent(eventType=ended, eventTime=run["endedAt"], run=lineage, job=job, inputs=inputs, outputs=outputs)


def output(namespace, source, node):
    """A network that was made, by what it was made of and asked for."""
    return OutputDataset(
        namespace,
        f"networks/{source}/{node['label']}",
        facets={
            "version": version(node["model"]["sha256"]),
            "documentation": documentation_dataset.DocumentationDatasetFacet(description=node["result"]["verdict"]),
        },
        outputFacets={
            "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                size=node["model"]["bytes"], fileCount=1
            )
        },
    )


def version(sha256):
    return dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=sha256)


if __name__ == "__main__":
    set_producer(f"https://github.com/kneepoint/kneepoint/tree/{kneepoint.__version__}/python")
    asked = kneepoint.Client(os.environ.get("KNEEPOINT_URL", "http://127.0.0.1:4000"), token=os.environ.get("KNEEPOINT_TOKEN"))
    client = OpenLineageClient()
    for event in events(asked, sys.argv[1]):
        client.emit(event)
        print(event.eventType.value, event.job.name, *(made.name for made in event.outputs))
    client.close()
