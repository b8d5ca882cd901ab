#!/usr/bin/env bash
# The whole way once, on the digits network: look, convert, prove, look closer. Stops at the first thing that fails.
#   Samples/demo.sh [path of the modelconv binary]
set -euo pipefail
cd "$(dirname "$0")/.."
modelconv=${1:-.build/release/modelconv}
digits=Samples/digits
out=demo-out
mkdir -p "$out"
rm -f "$out"/*

heading() { printf '\n\033[1m== %s\033[0m\n' "$1"; }
[ -t 1 ] && [ -z "${NO_COLOR:-}" ] || heading() { printf '\n== %s\n' "$1"; }
run() { printf '$ modelconv %s\n' "$*"; "$modelconv" "$@"; }

heading "What is in the Caffe model"
run inspect "$digits/deploy.prototxt" "$digits/digits.caffemodel"

heading "Where Caffe's rounding of pooling sizes matters"
run rounding "$digits/deploy.prototxt" || [ $? = 1 ]

heading "Does modelconv compute what the network's author recorded? (every blob of ten pictures)"
run verify "$digits/deploy.prototxt" "$digits/digits.caffemodel" --fixtures "$digits/io.npz"

heading "Caffe to ONNX; the written file is opened again and compared with the source"
run caffe2onnx "$digits/deploy.prototxt" "$digits/digits.caffemodel" -o "$out/digits.onnx"

heading "The ONNX file against the same recorded fixture"
run verify "$out/digits.onnx" --fixtures "$digits/io.npz"

heading "The counter-proof: one word of the prototxt changed (AVE pooling becomes MAX) must be noticed"
sed 's/pool: AVE/pool: MAX/' "$digits/deploy.prototxt" > "$out/changed.prototxt"
status=0
run verify "$out/changed.prototxt" "$digits/digits.caffemodel" --fixtures "$digits/io.npz" || status=$?
if [ "$status" != 1 ]; then
  echo "expected exit status 1, got $status" >&2
  exit 1
fi
echo "exit status 1: noticed"

heading "The ten pictures, prepared as the training net declares"
run classify "$digits/train_val.prototxt,$digits/digits.caffemodel" "$digits"/digit-*.png --labels "$digits/labels.txt" --top 1

heading "The scale inside of the ONNX file, and what is left to do outside; the mean of the pictures"
run mean "$digits" --grey -o "$out/mean.binaryproto"
run convert "$digits/deploy.prototxt" "$digits/digits.caffemodel" -o "$out/baked.onnx" --bake "$digits/train_val.prototxt" \
  --preprocessing "$out/baked.json"
run classify "$out/baked.onnx" "$digits/digit-7.png" --preprocessing "$out/baked.json" --labels "$digits/labels.txt" --top 2

heading "The layers of the ONNX file"
run inspect --layers "$out/digits.onnx"

heading "The first convolution's filters as a picture"
run filters "$digits/deploy.prototxt,$digits/digits.caffemodel" conv1 -o "$out/conv1.png"

heading "Done: the files are in $out"
ls -l "$out"
