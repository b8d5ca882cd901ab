#!/usr/bin/env python3
"""Writes deploy.prototxt: GoogLeNet (Szegedy et al., 2014) as BVLC trained it, from a table of its nine inception
modules. Layer and blob names are those of BVLC's weights file, so that bvlc_googlenet.caffemodel binds by name.

    python3 Samples/bvlc_googlenet/make_deploy.py > Samples/bvlc_googlenet/deploy.prototxt
"""

# module: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection
INCEPTION = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def layer(name, kind, bottoms, top, parameters=""):
    ends = " ".join(f'bottom: "{b}"' for b in bottoms)
    print(f'layer {{\n  name: "{name}" type: "{kind}"\n  {ends} top: "{top}"')
    if parameters:
        print(f"  {parameters}")
    print("}")


def convolution(name, bottom, outputs, kernel, relu, pad=0, stride=1):
    geometry = f"num_output: {outputs} kernel_size: {kernel}"
    geometry += f" pad: {pad}" * (pad > 0) + f" stride: {stride}" * (stride > 1)
    layer(name, "Convolution", [bottom], name, f"convolution_param {{ {geometry} }}")
    layer(relu, "ReLU", [name], name)
    return name


def max_pool(name, bottom, stride, pad=0):
    padding = f" pad: {pad}" * (pad > 0)
    layer(name, "Pooling", [bottom], name,
          f"pooling_param {{ pool: MAX kernel_size: 3 stride: {stride}{padding} }}")
    return name


def normalise(name, bottom):
    layer(name, "LRN", [bottom], name, "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }")
    return name


def inception(module, bottom):
    one, reduce3, three, reduce5, five, projection = INCEPTION[module]
    prefix = f"inception_{module}/"

    def branch(name, source, outputs, kernel, pad=0):
        return convolution(prefix + name, source, outputs, kernel, f"{prefix}relu_{name}", pad)

    branches = [branch("1x1", bottom, one, 1)]
    branches.append(branch("3x3", branch("3x3_reduce", bottom, reduce3, 1), three, 3, 1))
    branches.append(branch("5x5", branch("5x5_reduce", bottom, reduce5, 1), five, 5, 2))
    branches.append(branch("pool_proj", max_pool(prefix + "pool", bottom, 1, 1), projection, 1))
    layer(prefix + "output", "Concat", branches, prefix + "output")
    return prefix + "output"


def main():
    print("# GoogLeNet as BVLC trained it on ILSVRC 2012, deploy form: 224x224 BGR pictures, mean subtracted.")
    print("# Written by make_deploy.py.")
    print('name: "GoogleNet"')
    print('layer {\n  name: "data" type: "Input" top: "data"\n'
          "  input_param { shape { dim: 10 dim: 3 dim: 224 dim: 224 } }\n}")
    x = convolution("conv1/7x7_s2", "data", 64, 7, "conv1/relu_7x7", pad=3, stride=2)
    x = normalise("pool1/norm1", max_pool("pool1/3x3_s2", x, 2))
    x = convolution("conv2/3x3_reduce", x, 64, 1, "conv2/relu_3x3_reduce")
    x = convolution("conv2/3x3", x, 192, 3, "conv2/relu_3x3", pad=1)
    x = max_pool("pool2/3x3_s2", normalise("conv2/norm2", x), 2)
    for module in INCEPTION:
        x = inception(module, x)
        if module in ("3b", "4e"):
            x = max_pool(f"pool{int(module[0])}/3x3_s2", x, 2)
    layer("pool5/7x7_s1", "Pooling", [x], "pool5/7x7_s1", "pooling_param { pool: AVE kernel_size: 7 stride: 1 }")
    layer("pool5/drop_7x7_s1", "Dropout", ["pool5/7x7_s1"], "pool5/7x7_s1", "dropout_param { dropout_ratio: 0.4 }")
    layer("loss3/classifier", "InnerProduct", ["pool5/7x7_s1"], "loss3/classifier",
          "inner_product_param { num_output: 1000 }")
    layer("prob", "Softmax", ["loss3/classifier"], "prob")


if __name__ == "__main__":
    main()
