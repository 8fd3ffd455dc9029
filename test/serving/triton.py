"""Reads Triton's config.pbtxt with Google's own parser of protobuf text: `triton.py FILE…` prints them as JSON, one object each. The
messages are those fields of Triton's model_config.proto that are used, by their names and numbers; any other field is an error."""

import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, text_format

KINDS = descriptor_pb2.FieldDescriptorProto
TYPES = ["INVALID", "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "STRING", "BF16"]

file = descriptor_pb2.FileDescriptorProto(name="model_config.proto", package="inference", syntax="proto3")
types = file.enum_type.add(name="DataType")
for number, name in enumerate(TYPES):
    types.value.add(name=f"TYPE_{name}", number=number)


def message(name, fields, parent=None):
    made = (parent or file).message_type.add(name=name)
    for field, number, kind, repeated, of in fields:
        added = made.field.add(name=field, number=number, type=kind, label=3 if repeated else 1)
        if of:
            added.type_name = f".inference.{of}"
    return made


tensor = [("name", 1, KINDS.TYPE_STRING, False, None), ("data_type", 2, KINDS.TYPE_ENUM, False, "DataType")]
inputs = message(
    "ModelInput",
    [*tensor, ("format", 3, KINDS.TYPE_ENUM, False, "ModelInput.Format"), ("dims", 4, KINDS.TYPE_INT64, True, None)],
)
formats = inputs.enum_type.add(name="Format")
for number, name in enumerate(["FORMAT_NONE", "FORMAT_NHWC", "FORMAT_NCHW"]):
    formats.value.add(name=name, number=number)
message("ModelOutput", [*tensor, ("dims", 3, KINDS.TYPE_INT64, True, None), ("label_filename", 4, KINDS.TYPE_STRING, False, None)])
message("ModelDynamicBatching", [("preferred_batch_size", 1, KINDS.TYPE_INT32, True, None)])
message(
    "ModelConfig",
    [
        ("name", 1, KINDS.TYPE_STRING, False, None),
        ("max_batch_size", 4, KINDS.TYPE_INT32, False, None),
        ("input", 5, KINDS.TYPE_MESSAGE, True, "ModelInput"),
        ("output", 6, KINDS.TYPE_MESSAGE, True, "ModelOutput"),
        ("dynamic_batching", 11, KINDS.TYPE_MESSAGE, False, "ModelDynamicBatching"),
        ("backend", 17, KINDS.TYPE_STRING, False, None),
    ],
)
pool = descriptor_pool.DescriptorPool()
pool.Add(file)
Config = message_factory.GetMessageClass(pool.FindMessageTypeByName("inference.ModelConfig"))
for path in sys.argv[1:]:
    with open(path, encoding="utf8") as text:
        config = text_format.Parse(text.read(), Config())
    print(json.dumps(json_format.MessageToDict(config, preserving_proto_field_name=True)))
