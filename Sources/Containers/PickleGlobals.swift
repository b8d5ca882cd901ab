import ByteSource
import Diagnostics

/// What to think of a global that a pickle names. Nothing is ever called, so this is a judgement about the file.
package enum PickleVerdict: Sendable, Hashable {
  /// Known to build plain data; its meaning is implemented.
  case known
  /// A class or function that modelconv does not know: kept as a record.
  case unknown
  /// Something that no weight file needs, and that attacks use.
  case dangerous

  package init(_ g: PickleGlobal) { self = Self.judge(g.normalModule, g.name) }

  private static func judge(_ module: String, _ name: String) -> PickleVerdict {
    if reconstructors[module]?.contains(name) == true { return .known }
    let root = String(module.prefix { $0 != "." })
    if module == "builtins" { return dangerousBuiltins.contains(name) || name.contains(".") ? .dangerous : .unknown }
    if let harmless = harmlessStandard[module] { return harmless.contains(name) ? .unknown : .dangerous }
    if standardModules.contains(root) || isPathOfTrouble(module) { return .dangerous }
    // A dotted name walks through attributes; among known modules it serves to reach what they import.
    if name.contains("."), knownRoots.contains(root) { return .dangerous }
    if name.split(separator: ".").contains(where: { troubleNames.contains(String($0)) }) { return .dangerous }
    if root == "torch", module.hasSuffix("dtype") { return .known }
    return .unknown
  }

  /// Modules of numerical libraries that run code or open files.
  private static func isPathOfTrouble(_ module: String) -> Bool {
    let prefixes = [
      "numpy.testing", "numpy.f2py", "numpy.distutils", "numpy.lib.npyio", "numpy.ctypeslib", "torch.hub",
      "torch.utils.cpp_extension", "torch.utils.bundled_inputs", "torch.utils._config_module", "torch._inductor",
      "torch._dynamo", "torch.distributed", "torch.multiprocessing", "torch.package", "torch.fx", "torch.jit",
      "torch.serialization", "torch.utils.collect_env", "torch.testing", "torch.cuda.nvtx", "pip", "setuptools",
      "IPython", "ipykernel", "jupyter", "dill", "cloudpickle", "joblib.externals", "pandas.io", "pexpect", "sh",
      "fabric", "paramiko", "requests", "pkg_resources", "nose", "pytest", "_pytest", "py", "twisted", "gevent",
      "django", "flask", "jinja2", "yaml", "tensorflow.python.keras.utils.generic_utils",
    ]
    return prefixes.contains { module == $0 || module.hasPrefix($0 + ".") }
  }

  private static let knownRoots: Set<String> = ["numpy", "torch", "scipy", "pandas", "sklearn"]

  private static let troubleNames: Set<String> = [
    "system", "popen", "Popen", "eval", "exec", "execfile", "compile", "__import__", "import_module", "getattr",
    "setattr", "__getattribute__", "__globals__", "__builtins__", "__subclasses__", "run_code", "run_module",
    "runcode", "runstring", "load", "loads", "fromfile", "tofile", "memmap", "open", "genfromtxt", "loadtxt",
    "savetxt", "save", "spawn", "call", "check_output", "check_call", "rmtree", "remove", "unlink", "rename",
    "LoadLibrary", "CDLL", "load_library", "_load_library", "DataSource",
  ]

  /// Builtins that run code, reach anything by name, or touch files; the others are plain values.
  private static let dangerousBuiltins: Set<String> = [
    "eval", "exec", "execfile", "compile", "__import__", "getattr", "setattr", "delattr", "hasattr", "open", "file",
    "input", "raw_input", "apply", "globals", "locals", "vars", "dir", "breakpoint", "exit", "quit", "reload", "help",
    "__build_class__", "__loader__", "__spec__", "memoryview", "map", "filter", "intern", "coerce", "print",
    "copyright", "credits", "license",
  ]

  /// What the standard library may hand to a pickle of data.
  private static let harmlessStandard: [String: Set<String>] = [
    "datetime": ["datetime", "date", "time", "timedelta", "timezone", "tzinfo"],
    "decimal": ["Decimal"],
    "fractions": ["Fraction"],
    "uuid": ["UUID", "SafeUUID"],
    "argparse": ["Namespace"],
    "types": ["SimpleNamespace"],
    "enum": ["Enum", "IntEnum"],
    "array": ["_array_reconstructor", "array"],
    "pathlib": ["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"],
    "collections": ["ChainMap", "UserDict", "UserList", "namedtuple"],
    "functools": ["partial"],
    "random": ["Random"],
    "time": ["struct_time"],
    "zoneinfo": ["ZoneInfo"],
    "dataclasses": ["_MISSING_TYPE"],
    "string": ["Template"],
    "logging": ["Logger", "getLogger"],
  ]

  /// Modules, with Python 2's and numpy 1's names made new, and the names whose meaning is implemented.
  private static let reconstructors: [String: Set<String>] = [
    "builtins": [
      "set", "frozenset", "list", "tuple", "dict", "bytearray", "bytes", "complex", "int", "float", "bool", "str",
      "slice", "range", "object",
    ],
    "collections": ["OrderedDict", "defaultdict", "deque", "Counter"],
    "copyreg": ["_reconstructor", "__newobj__", "__newobj_ex__"],
    "_codecs": ["encode"],
    "numpy": [
      "ndarray", "dtype", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
      "uint32", "uint64", "bool_", "bool", "complex64", "complex128", "str_", "bytes_", "matrix", "void", "longlong",
      "ulonglong",
    ],
    "numpy.core.multiarray": ["_reconstruct", "scalar"],
    "numpy.core.numeric": ["_frombuffer"],
    "numpy.matrixlib.defmatrix": ["matrix"],
    "numpy.ma.core": ["_mareconstruct", "MaskedArray"],
    "numpy.dtypes": ["Float16DType", "Float32DType", "Float64DType", "Int32DType", "Int64DType"],
    "torch": [
      "FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
      "CharStorage", "ByteStorage", "BoolStorage", "ComplexFloatStorage", "ComplexDoubleStorage", "QInt8Storage",
      "QUInt8Storage", "QInt32Storage", "Size", "device", "Tensor", "float16", "float32", "float64", "bfloat16",
      "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "complex64", "complex128",
      "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "qint8", "quint8",
      "qint32", "per_tensor_affine", "per_channel_affine", "strided", "sparse_coo", "contiguous_format",
      "channels_last", "preserve_format",
    ],
    "torch._utils": [
      "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter",
      "_rebuild_parameter_with_state", "_rebuild_qtensor", "_rebuild_sparse_tensor",
      "_rebuild_device_tensor_from_numpy", "_rebuild_meta_tensor_no_storage", "_rebuild_wrapper_subclass",
    ],
    "torch._tensor": ["_rebuild_from_type_v2"],
    "torch.storage": ["UntypedStorage", "TypedStorage", "_TypedStorage", "_UntypedStorage", "_load_from_bytes"],
    "torch.nn.parameter": ["Parameter", "Buffer"],
    "torch.serialization": ["_get_layout"],
    "torch.cuda": [
      "FloatStorage", "DoubleStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
      "CharStorage", "ByteStorage", "BoolStorage",
    ],
  ]

  /// Top-level modules of Python's standard library, versions 2.7 to 3.13, but for those above.
  static let standardModules: Set<String> = Set(
    """
    _abc _aix_support _ast _asyncio _bisect _blake2 _bootsubprocess _bz2 _codecs _collections _collections_abc \
    _compat_pickle _compression _contextvars _crypt _csv _ctypes _curses _datetime _dbm _decimal _elementtree \
    _frozen_importlib _frozen_importlib_external _functools _gdbm _hashlib _heapq _imp _interpreters _io _json _locale \
    _lsprof _lzma _markupbase _md5 _msi _multiprocessing _opcode _operator _osx_support _overlapped _pickle \
    _posixshmem _posixsubprocess _py_abc _pydecimal _pyio _pyrepl _queue _random _scproxy _signal _sitebuiltins _socket \
    _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _symtable _testcapi _thread _threading_local \
    _tkinter _tokenize _tracemalloc _typing _uuid _warnings _weakref _weakrefset _winapi _winreg _zoneinfo abc aifc \
    antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 \
    cProfile cPickle cStringIO calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys commands \
    compileall compiler concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses \
    dataclasses datetime dbm decimal difflib dircache dis distutils doctest email encodings ensurepip enum errno \
    exceptions faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass \
    gettext glob graphlib grp gzip hashlib heapq hmac html http httplib idlelib imaplib imghdr imp importlib imputil \
    inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math \
    mimetools mimetypes mmap modulefinder msilib msvcrt multiprocessing mutex netrc new nis nntplib nt ntpath \
    nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil \
    platform plistlib popen2 poplib posix posixfile posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc \
    pydoc_data pyexpat queue quopri random re readline reprlib resource rexec rlcompleter robotparser runpy sched \
    secrets select selectors sets shelve shlex shutil signal site sitecustomize smtpd smtplib sndhdr socket \
    socketserver spwd sqlite3 sre sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct \
    subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap this \
    thread threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo \
    types typing unicodedata unittest urllib urllib2 urlparse usercustomize uu uuid venv warnings wave weakref \
    webbrowser whichdb winreg winsound wsgiref xdrlib xml xmlrpc xmlrpclib zipapp zipfile zipimport zlib zoneinfo \
    __future__
    """.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init))
}

extension PickleGlobal {
  /// The module under its present name: Python 2's and older numpy's names are made new.
  package var normalModule: String {
    switch module {
    case "__builtin__": "builtins"
    case "copy_reg": "copyreg"
    case "UserDict", "UserList", "UserString": "collections"
    case "numpy._core.multiarray", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath":
      "numpy.core.multiarray"
    case "numpy._core.numeric": "numpy.core.numeric"
    case "torch.tensor": "torch._tensor"
    default: module
    }
  }

  /// The full name with present-day module names: what reconstructors are looked up by.
  package var normalName: String { normalModule + "." + name }
}

/// What a file would do to a Python that unpickles it, found without running it.
package struct PickleScan: Sendable {
  /// One global and what to think of it.
  package struct Finding: Sendable, Hashable {
    package let global: PickleGlobal
    package let verdict: PickleVerdict
  }

  /// Every global by opcode offset, from all pickles that follow one another.
  package var findings: [Finding] = []
  /// Why the stream ends before its STOP; nil where it does not.
  package var error: Diagnostic?

  package var isDangerous: Bool { findings.contains { $0.verdict == .dangerous } || error != nil }

  /// Scans the pickle that starts at `from`.
  package init(_ file: ByteSlice, from: Int = 0, allowsPersistent: Bool = true) {
    let (objects, error) = PickleMachine.runAsFarAsPossible(file, from: from, allowsPersistent: allowsPersistent)
    findings = objects.globals.map { Finding(global: $0, verdict: PickleVerdict($0)) }
    self.error = error
  }
}

extension PickleObjects {
  /// - Throws: `pickle.dangerous`, naming every dangerous global with its offset.
  package func throwIfDangerous(_ file: ByteSlice) throws(Diagnostic) {
    let bad = globals.filter { PickleVerdict($0) == .dangerous }
    guard let first = bad.first else { return }
    throw .error(
      "pickle.dangerous", "the pickle would call \(first.description), which no weights need: refused",
      at: file.location(first.offset),
      notes: bad.dropFirst().prefix(20).map { "also \($0.description) at offset \($0.offset)" },
      help: "do not open this file with Python; get it from a source you trust, as safetensors or npz")
  }
}
