"""Reads files for other platforms with what these publish: `published.py argo TEMPLATE`, `published.py kubeflow COMPONENT`,
`published.py triton CONFIG…`. Ends with a line that says so; whatever they would refuse is an error."""

import json
import sys
import tempfile

import yaml


def argo(path):
    """By Argo Workflows' own models, generated from its API: every field is one of theirs, and none is lost."""
    from hera.workflows.models import WorkflowTemplate

    with open(path, encoding="utf8") as text:
        written = yaml.safe_load(text)
    read = WorkflowTemplate.model_validate(written).model_dump(by_alias=True, exclude_unset=True, mode="json")
    assert read == written, json.dumps([read, written])


def kubeflow(path):
    """By Kubeflow's SDK: the component is a step of a pipeline, with artifacts and values of others as its inputs."""
    from kfp import compiler, components, dsl

    compress = components.load_component_from_file(path)

    @dsl.pipeline(name="twice")
    def twice():
        def imported(uri, kind):
            return dsl.importer(artifact_uri=uri, artifact_class=kind, reimport=False).output

        data = imported("s3://bucket/images.tar", dsl.Dataset)
        model = imported("s3://bucket/network.onnx", dsl.Model)
        first = compress(model=model, data=data, task="eyes", gateway="http://kneepoint")
        compress(model=first.outputs["package"], data=data, task="pose", gateway="http://kneepoint", keep="98%")

    with tempfile.NamedTemporaryFile(suffix=".yaml") as pipeline:
        compiler.Compiler().compile(twice, pipeline.name)


def triton(*paths):
    """By the messages of Triton's own client."""
    from google.protobuf import text_format
    from tritonclient.grpc.model_config_pb2 import ModelConfig

    for path in paths:
        with open(path, encoding="utf8") as text:
            assert text_format.Parse(text.read(), ModelConfig()).backend == "onnxruntime"


what, *files = sys.argv[1:]
{"argo": argo, "kubeflow": kubeflow, "triton": triton}[what](*files)
print(f"{what}: as published")
