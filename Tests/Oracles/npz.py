"""Just enough of npz for test drivers that must run without numpy: shapes, and changing one value."""

import ast
import math
import struct
import zipfile


def parse_header(data):
    """(descr, shape, offset of the payload) of a .npy member."""
    if data[:6] != b"\x93NUMPY":
        raise ValueError("not an npy member")
    size_format, start = ("<H", 10) if data[6] == 1 else ("<I", 12)
    (length,) = struct.unpack_from(size_format, data, 8)
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    return header["descr"], header["shape"], start + length


def shapes(path):
    """Shape by key."""
    with zipfile.ZipFile(path) as archive:
        return {name.removesuffix(".npy"): parse_header(archive.read(name))[1] for name in archive.namelist()}


def disturb(source, target, prefix):
    """Copies the npz with one value of the first array whose key starts with `prefix` changed well beyond any
    tolerance. The key changed, or None when no such array of float32 has a value."""
    changed = None
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for name in archive.namelist():
            data = archive.read(name)
            if changed is None and name.startswith(prefix):
                descr, shape, offset = parse_header(data)
                count = math.prod(shape)
                if descr == "<f4" and count > 0:
                    place = offset + 4 * (count // 2)
                    (value,) = struct.unpack_from("<f", data, place)
                    other = value + 1 + abs(value) if abs(value) < 1e37 else 0.0
                    data = data[:place] + struct.pack("<f", other) + data[place + 4:]
                    changed = name.removesuffix(".npy")
            copy.writestr(zipfile.ZipInfo(name), data)
    return changed
