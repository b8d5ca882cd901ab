"""What a converted ONNX model has lost of its source, beyond what the network computes."""

import numpy as np
import onnx
from onnx import numpy_helper

DEFAULT_DOMAIN = ("", "ai.onnx")


def entries(list_of_pairs):
    return {entry.key: entry.value for entry in list_of_pairs}


def tensor_content(tensor):
    if tensor.data_type == onnx.TensorProto.STRING:
        return list(tensor.string_data)
    array = numpy_helper.to_array(tensor)
    return np.ascontiguousarray(array).tobytes()


def same_attribute(a, b):
    if a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True):
        return True
    if a.type == b.type == onnx.AttributeProto.TENSOR:
        return a.t.data_type == b.t.data_type and list(a.t.dims) == list(b.t.dims) \
            and tensor_content(a.t) == tensor_content(b.t)
    return False


def unknown_fields(message):
    """Fields that this schema does not know, by number."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    return sorted((field.field_number, str(field.data)) for field in UnknownFieldSet(message))


def node_losses(node, graph_names, result, place):
    name = next((output for output in node.output if output), None)
    where = f"{place}{node.op_type} '{name}'"
    other = next((n for n in result.node if name in n.output), None)
    if node.op_type == "Constant" and node.domain in DEFAULT_DOMAIN:
        tensor = next((t for t in result.initializer if t.name == name), None)
        if tensor is not None:
            if node.doc_string and tensor.doc_string != node.doc_string:
                yield f"{where}: doc_string"
            if not entries(node.metadata_props).items() <= entries(tensor.metadata_props).items():
                yield f"{where}: metadata"
            return
    if other is None:
        yield f"{where}: is gone"
        return
    if other.op_type != node.op_type or other.domain not in (node.domain, *DEFAULT_DOMAIN):
        yield f"{where}: is now {other.domain}.{other.op_type}"
        return
    custom = node.domain not in (*DEFAULT_DOMAIN, "ai.onnx.ml")
    if custom and (other.domain != node.domain or other.overload != node.overload):
        yield f"{where}: domain or overload"
    if custom and (list(other.input) != list(node.input) or list(other.output) != list(node.output)):
        yield f"{where}: operands {list(other.input)}, {list(other.output)}"
    if node.name and other.name != node.name:
        yield f"{where}: name is '{other.name}'"
    if other.doc_string != node.doc_string:
        yield f"{where}: doc_string '{other.doc_string}'"
    if not entries(node.metadata_props).items() <= entries(other.metadata_props).items():
        yield f"{where}: metadata"
    if list(node.device_configurations) != list(other.device_configurations):
        yield f"{where}: device configurations"
    if unknown_fields(node) != unknown_fields(other):
        yield f"{where}: unknown fields"
    theirs = {a.name: a for a in other.attribute}
    for attribute in node.attribute:
        match = theirs.get(attribute.name)
        if custom:
            if match is None or not same_attribute(attribute, match):
                yield f"{where}: attribute {attribute.name}"
        elif attribute.type == onnx.AttributeProto.GRAPH and match is not None:
            yield from graph_losses(attribute.g, match.g, f"{where}.{attribute.name}: ")
        elif match is not None and attribute.doc_string != match.doc_string:
            yield f"{where}: doc_string of {attribute.name}"
    if custom and len(node.attribute) != len(other.attribute):
        yield f"{where}: {len(other.attribute)} attributes of {len(node.attribute)}"


def value_losses(a, b, where):
    if a.SerializeToString(deterministic=True) == b.SerializeToString(deterministic=True):
        return
    if a.doc_string != b.doc_string or entries(a.metadata_props) != entries(b.metadata_props):
        yield f"{where}: doc_string or metadata"
    if a.type.denotation != b.type.denotation:
        yield f"{where}: denotation"
    if unknown_fields(a) != unknown_fields(b):
        yield f"{where}: unknown fields"
    kind = a.type.WhichOneof("value")
    if kind != b.type.WhichOneof("value"):
        if kind:
            yield f"{where}: {kind} is now {b.type.WhichOneof('value')}"
        return
    if kind != "tensor_type":
        yield f"{where}: type"
        return
    x, y = a.type.tensor_type, b.type.tensor_type
    if x.elem_type != y.elem_type:
        yield f"{where}: element type"
    if not x.HasField("shape"):
        return
    if len(x.shape.dim) != len(y.shape.dim):
        yield f"{where}: rank"
        return
    for i, (d, e) in enumerate(zip(x.shape.dim, y.shape.dim)):
        if d.denotation != e.denotation:
            yield f"{where}: denotation of axis {i}"
        if d.HasField("dim_value") and d.dim_value != e.dim_value:
            yield f"{where}: extent {i} is {e.dim_value or e.dim_param!r}, was {d.dim_value}"
        if d.dim_param and not e.HasField("dim_value") and d.dim_param != e.dim_param:
            yield f"{where}: extent {i} is {e.dim_param!r}, was {d.dim_param!r}"


def graph_losses(a, b, place=""):
    for field in ("name", "doc_string"):
        if getattr(a, field) != getattr(b, field):
            yield f"{place}graph {field}: {getattr(b, field)!r}, was {getattr(a, field)!r}"
    if not entries(a.metadata_props).items() <= entries(b.metadata_props).items():
        yield f"{place}graph metadata"
    if list(a.quantization_annotation) != list(b.quantization_annotation):
        yield f"{place}quantization annotations"
    if unknown_fields(a) != unknown_fields(b):
        yield f"{place}unknown fields of the graph"
    constants = {t.name for t in a.initializer} | {t.values.name for t in a.sparse_initializer}
    for kind in ("input", "output"):
        source = [v for v in getattr(a, kind) if kind != "input" or v.name not in constants]
        result = {v.name: v for v in getattr(b, kind)}
        for k, v in enumerate(source):
            match = result.get(v.name)
            if match is None and kind == "output" and place and k < len(b.output):
                match = b.output[k]  # an output that a body passes on gets a node and a name
            if match is None:
                yield f"{place}{kind} '{v.name}' is gone"
            else:
                yield from value_losses(v, match, f"{place}{kind} '{v.name}'")
    theirs = {v.name: v for v in b.value_info}
    made = {o for n in b.node for o in n.output} - {o.name for o in b.output}
    for v in a.value_info:
        if v.name in made:
            if v.name not in theirs:
                yield f"{place}value_info '{v.name}' is gone"
            else:
                yield from value_losses(v, theirs[v.name], f"{place}value_info '{v.name}'")
    result = {t.name: t for t in b.initializer}
    for t in a.initializer:
        other = result.get(t.name)
        if other is None:
            yield f"{place}initializer '{t.name}' is gone"
            continue
        if (other.data_type, list(other.dims)) != (t.data_type, list(t.dims)) \
                or tensor_content(other) != tensor_content(t):
            yield f"{place}initializer '{t.name}': values"
        if other.doc_string != t.doc_string or entries(other.metadata_props) != entries(t.metadata_props):
            yield f"{place}initializer '{t.name}': doc_string or metadata"
        if unknown_fields(other) != unknown_fields(t):
            yield f"{place}initializer '{t.name}': unknown fields"
    names = {v.name for v in a.input} | constants
    for node in a.node:
        yield from node_losses(node, names, b, place)


def model_losses(a, b):
    """Lines that say what is missing or different in `b`; models without local functions, of the same operator set."""
    for field in ("domain", "model_version", "doc_string"):
        if getattr(a, field) != getattr(b, field):
            yield f"{field}: {getattr(b, field)!r}, was {getattr(a, field)!r}"
    if a.producer_name and a.producer_name != "modelconv" \
            and a.producer_name not in entries(b.metadata_props).get("origin.producer", ""):
        yield "producer"
    if not entries(a.metadata_props).items() <= entries(b.metadata_props).items():
        yield "metadata of the model"

    def imports(model):
        return {o.domain if o.domain != "ai.onnx" else "": o.version for o in model.opset_import}

    if imports(a) != imports(b):
        yield f"operator sets {imports(b)}, were {imports(a)}"
    if list(a.training_info) != list(b.training_info):
        yield "training_info"
    if list(a.configuration) != list(b.configuration):
        yield "configuration"
    if unknown_fields(a) != unknown_fields(b):
        yield "unknown fields of the model"
    yield from graph_losses(a.graph, b.graph)
