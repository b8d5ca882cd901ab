// swift-tools-version: 6.1
import PackageDescription

// One layer may use only the layers below it; Tests/LayeringTests compares every `import` with the
// table of allowed edges, because SwiftPM lets undeclared transitive imports through.

let swift: [SwiftSetting] = [.swiftLanguageMode(.v6)]

/// Kernels at -O0 are 40 times slower, so networks in debug-build tests would crawl.
let fastC: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno"])]

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: ["TestSupport"] + dependencies, swiftSettings: swift)
}

let package = Package(
  name: "modelconv",
  products: [
    .executable(name: "modelconv", targets: ["modelconv"]),
    .library(name: "ModelConv", targets: ["ModelConv"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    // System libraries
    .systemLibrary(
      name: "CHDF5", path: "Sources/System/CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CZip", path: "Sources/System/CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", path: "Sources/System/COpenBLAS", pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CProtobufC", path: "Sources/System/CProtobufC", pkgConfig: "libprotobuf-c",
      providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(
      name: "CProtobufLib", path: "Sources/System/CProtobufLib", pkgConfig: "protobuf",
      providers: [.apt(["libprotobuf-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/System/CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CJPEG", path: "Sources/System/CJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"])]),

    // C and C++ parts
    .target(name: "CSupport"),
    .target(name: "CHDF5Shim", dependencies: ["CHDF5", "CSupport"]),
    .target(name: "CCaffeProto", dependencies: ["CProtobufC"]),
    .target(name: "COnnxProto", dependencies: ["CProtobufC"]),
    .target(name: "CProtobufText", dependencies: ["CProtobufLib"]),
    .target(name: "CKernels", cSettings: fastC),
    // Compiled against the libraries' headers, linked to none of them: see CPictureCodecs.h.
    .target(name: "CPictureCodecs", linkerSettings: [.linkedLibrary("dl")]),

    // L0
    .target(name: "Diagnostics", swiftSettings: swift),
    .target(name: "ByteSource", dependencies: ["Diagnostics", "CSupport"], swiftSettings: swift),
    // L1
    .target(name: "TensorCore", dependencies: ["Diagnostics", "ByteSource"], swiftSettings: swift),
    // L2
    .target(
      name: "Containers",
      dependencies: [
        "Diagnostics", "ByteSource", "TensorCore", "CHDF5", "CHDF5Shim", "CZip", "CZlib", "CProtobufText",
        "CProtobufC",
      ],
      swiftSettings: swift),
    .target(
      name: "Pictures", dependencies: ["Diagnostics", "ByteSource", "TensorCore", "CPNG", "CJPEG", "CPictureCodecs"],
      swiftSettings: swift),
    .target(name: "ModelGraph", dependencies: ["Diagnostics", "TensorCore"], swiftSettings: swift),
    // L3
    .target(name: "Rewrites", dependencies: ["Diagnostics", "TensorCore", "ModelGraph"], swiftSettings: swift),
    .target(
      name: "CPURuntime",
      dependencies: ["Diagnostics", "TensorCore", "ModelGraph", "Pictures", "CKernels", "COpenBLAS"],
      swiftSettings: swift),
    // L4
    .target(
      name: "CaffeFormat",
      dependencies: [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "CCaffeProto",
      ],
      swiftSettings: swift),
    .target(
      name: "OnnxFormat",
      dependencies: [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "COnnxProto",
      ],
      swiftSettings: swift),
    .target(
      name: "WeightFormats",
      dependencies: ["Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites"],
      swiftSettings: swift),
    // L5
    .target(
      name: "ModelConv",
      dependencies: [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "CPURuntime",
        "CaffeFormat", "OnnxFormat", "WeightFormats", "Pictures",
      ],
      swiftSettings: swift),
    // L6
    .executableTarget(
      name: "modelconv",
      dependencies: [
        "ModelConv", "CSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/modelconv-cli",
      swiftSettings: swift),

    // GFLOP/s of the C kernels by shape, beside cblas_sgemm on the same shapes
    .executableTarget(name: "kernel-bench", dependencies: ["CKernels", "COpenBLAS"]),

    // Tests: one target a source target, one line each
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swift),
    tests("LayeringTests", []),
    // Optimised in debug builds too: the naive twins of the kernels take minutes otherwise.
    .testTarget(
      name: "CKernelsTests", dependencies: ["CKernels"], swiftSettings: swift + [.unsafeFlags(["-O"])]),
    tests(
      "ModelConvTests",
      ["Diagnostics", "ByteSource", "TensorCore", "ModelGraph", "CPURuntime", "WeightFormats", "ModelConv"]),
    tests("CLITests", ["modelconv"]),
    tests("RewritesTests", ["Diagnostics", "TensorCore", "ModelGraph", "Rewrites", "CPURuntime"]),
    tests("ByteSourceTests", ["Diagnostics", "ByteSource"]),
    tests("TensorCoreTests", ["Diagnostics", "ByteSource", "TensorCore"]),
    tests("ModelGraphTests", ["Diagnostics", "TensorCore", "ModelGraph"]),
    tests(
      "ContainersTests", ["Diagnostics", "ByteSource", "TensorCore", "Containers", "CCaffeProto", "COnnxProto"]),
    .testTarget(
      name: "CPURuntimeTests", dependencies: ["Diagnostics", "TensorCore", "ModelGraph", "CPURuntime"],
      swiftSettings: swift + [.unsafeFlags(["-O"])]),
    tests("PicturesTests", ["Diagnostics", "ByteSource", "TensorCore", "Pictures"]),
    tests(
      "CaffeFormatTests",
      [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "CaffeFormat", "CPURuntime",
        "WeightFormats",
      ]),
    tests(
      "OnnxFormatTests",
      [
        "Diagnostics", "ByteSource", "TensorCore", "Containers", "ModelGraph", "Rewrites", "OnnxFormat",
      ]),
    tests("WeightFormatsTests", ["Diagnostics", "ByteSource", "TensorCore", "Containers", "WeightFormats"]),
  ],
  cxxLanguageStandard: .cxx17
)
