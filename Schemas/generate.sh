#!/bin/sh
# Generates the protobuf-c sources of caffe.proto and onnx.proto.
# usage: generate.sh [FOLDER]   writes FOLDER/CCaffeProto and FOLDER/COnnxProto; default: the package's Sources
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../Sources}
command -v protoc-c >/dev/null || { echo "protoc-c is missing: apt-get install protobuf-c-compiler" >&2; exit 69; }
include=$(dirname "$(dirname "$(command -v protoc-c)")")/include
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A field called `base` collides with the struct's own `base`: that one is renamed in the two messages that have such a
# field. It changes names in C, nothing on the wire.
sed -e '/^syntax/a import "protobuf-c/protobuf-c.proto";' \
    -e '/^message \(Exp\|Log\)Parameter {/a \  option (pb_c_msg).base_field_name = "pbc_base";' \
  "$here/caffe.proto" >"$work/caffe.proto"
cp "$here/onnx.proto" "$work/onnx.proto"

for pair in caffe:CCaffeProto onnx:COnnxProto; do
  name=${pair%%:*} target=$out/${pair##*:}
  mkdir -p "$target/include"
  (cd "$work" && protoc-c -I . -I "$include" --c_out=. "$name.proto")
  mv "$work/$name.pb-c.h" "$target/include/$name.pb-c.h"
  mv "$work/$name.pb-c.c" "$target/$name.pb-c.c"
done
