"""Writes Caffe's binary files by hand: protobuf wire format, with the field numbers of BVLC's caffe.proto.

Only what a weights file needs: NetParameter { name = 1, layer = 100 }, LayerParameter { name = 1, type = 2,
bottom = 3, top = 4, blobs = 7 }, BlobProto { data = 5 (packed), shape = 7 }, BlobShape { dim = 1 (packed) }.
Messages are streamed: no more than one layer's blobs are in memory at a time.
"""


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(field, wire_type):
    return varint(field << 3 | wire_type)


def length_delimited(field, payload):
    return tag(field, 2) + varint(len(payload)) + payload


def text(field, value):
    return length_delimited(field, value.encode("utf-8"))


def blob(array):
    """BlobProto of a float32 numpy array, as a list of byte chunks (the payload is not copied)."""
    import numpy as np

    values = np.array(array, dtype="<f4", order="C")
    payload = memoryview(values.reshape(-1)).cast("B")
    shape = length_delimited(7, length_delimited(1, b"".join(varint(int(d)) for d in values.shape)))
    return [shape, tag(5, 2) + varint(len(payload)), payload]


def layer(name, kind, bottoms, tops, blobs):
    """LayerParameter as a list of byte chunks."""
    chunks = [text(1, name) + text(2, kind)]
    chunks += [text(3, b) for b in bottoms] + [text(4, t) for t in tops]
    for array in blobs:
        inner = blob(array)
        chunks.append(tag(7, 2) + varint(sum(len(c) for c in inner)))
        chunks += inner
    return chunks


def write_caffemodel(path, net_name, layers):
    """`layers` yields (name, type, bottoms, tops, [float32 arrays])."""
    with open(path, "wb") as file:
        file.write(text(1, net_name))
        for entry in layers:
            chunks = layer(*entry)
            file.write(tag(100, 2) + varint(sum(len(c) for c in chunks)))
            for chunk in chunks:
                file.write(chunk)
