//! The rows: what is compared with what, and the goal of each.

use super::build::Bench;
use super::samples::Outcome;
use super::{processes, programs};

/// A comparison with a peer: another program that does the same.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) peer: &'static str,
    pub(super) unit: Unit,
    /// The maximum ratio of ours to the peer's.
    pub(super) goal: Option<f64>,
    pub(super) measure: fn(&Bench<'_>) -> anyhow::Result<Outcome>,
}

/// The unit of a row's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Nanoseconds,
    Bytes,
}

impl Row {
    pub(super) fn is_wanted(&self, filter: Option<&str>) -> bool {
        filter.is_none_or(|filter| self.name.contains(filter))
    }
}

/// The defaults of a row that measures time.
const TIME: Row = Row {
    name: "",
    what: "",
    peer: "",
    unit: Unit::Nanoseconds,
    goal: None,
    measure: |_| Outcome::missing("nothing to measure"),
};

pub(super) const ROWS: [Row; 22] = [
    Row {
        name: "start-wasmtime",
        what: "process start to the demo's result, the second time",
        peer: "`wasmtime run --preload`, with its cache",
        goal: Some(0.5),
        measure: processes::start_wasmtime,
        ..TIME
    },
    Row {
        name: "start-node",
        what: "the same",
        peer: "node, the same two modules",
        goal: Some(0.05),
        measure: processes::start_node,
        ..TIME
    },
    Row {
        name: "start-native",
        what: "the same",
        peer: "a native program with two libraries by dlopen",
        goal: Some(3.0),
        measure: processes::start_native,
        ..TIME
    },
    Row {
        name: "call-rust-inlined",
        what: "a call of Rust in a C++ loop, with `--inline`",
        peer: "native shared libraries, -O2",
        goal: Some(0.5),
        measure: |bench| programs::calls(bench, "call-rust-inlined"),
        ..TIME
    },
    Row {
        name: "call-rust",
        what: "the same without",
        peer: "the same",
        measure: |bench| programs::calls(bench, "call-rust"),
        ..TIME
    },
    Row {
        name: "call-back",
        what: "a call of C++ in a Rust loop, by function pointer",
        peer: "the same",
        goal: Some(2.0),
        measure: |bench| programs::calls(bench, "call-back"),
        ..TIME
    },
    Row {
        name: "typed-call",
        what: "a typed call from the host",
        peer: "Wasmtime's `TypedFunc` of the same module",
        goal: Some(1.05),
        measure: |bench| programs::peers(bench, "typed-call"),
        ..TIME
    },
    Row {
        name: "throw-catch",
        what: "an exception of C++, thrown and caught",
        peer: "native, -O2",
        measure: programs::exceptions,
        ..TIME
    },
    Row {
        name: "open-close",
        what: "a library opened by `dlopen`, called once, and closed",
        peer: "native, -O2",
        measure: programs::open_close,
        ..TIME
    },
    Row {
        name: "zstd-native",
        what: "zstd compresses 16 MiB of generated text",
        peer: "native, -O2",
        goal: Some(1.6),
        measure: |bench| programs::library_native(bench, "zstd-native", &programs::ZSTD),
        ..TIME
    },
    Row {
        name: "zstd-static",
        what: "the same",
        peer: "linked statically by Emscripten, on Wasmtime",
        goal: Some(1.05),
        measure: |bench| programs::library_static(bench, "zstd-static", &programs::ZSTD),
        ..TIME
    },
    Row {
        name: "mesh-native",
        what: "meshoptimizer on 80,000 generated triangles",
        peer: "native, -O2",
        goal: Some(1.6),
        measure: |bench| programs::library_native(bench, "mesh-native", &programs::MESH),
        ..TIME
    },
    Row {
        name: "mesh-static",
        what: "the same",
        peer: "linked statically by Emscripten, on Wasmtime",
        goal: Some(1.05),
        measure: |bench| programs::library_static(bench, "mesh-static", &programs::MESH),
        ..TIME
    },
    Row {
        name: "sort-static",
        what: "`std::sort` of ten million integers",
        peer: "the same",
        goal: Some(1.05),
        measure: |bench| programs::containers(bench, "sort-static", "sort_integers"),
        ..TIME
    },
    Row {
        name: "sort-inlined",
        what: "the same, with `--inline`",
        peer: "the same",
        goal: Some(1.05),
        measure: |bench| programs::containers(bench, "sort-inlined", "sort_integers"),
        ..TIME
    },
    Row {
        name: "map-static",
        what: "500,000 insertions into a `std::map`",
        peer: "the same",
        goal: Some(1.05),
        measure: |bench| programs::containers(bench, "map-static", "insert_into_map"),
        ..TIME
    },
    Row {
        name: "instance",
        what: "one more instance of the tour",
        peer: "the tour linked by rust-lld, by Wasmtime's `InstancePre`",
        goal: Some(1.1),
        measure: |bench| programs::instance(bench, "instance"),
        ..TIME
    },
    Row {
        name: "instance-preinit",
        what: "the same, written with `--preinit`",
        peer: "the same",
        goal: Some(1.1),
        measure: |bench| programs::instance(bench, "instance-preinit"),
        ..TIME
    },
    Row {
        name: "link-1000",
        what: "1000 modules of 100 symbols to a bound program",
        peer: "`wit-component`'s `Linker`, to a component",
        goal: Some(0.1),
        measure: programs::wit_component,
        ..TIME
    },
    Row {
        name: "fuse",
        what: "`host fuse` of libc, libc++ and the tour",
        peer: "rust-lld, Emscripten's archives and the tour's objects",
        goal: Some(0.5),
        measure: processes::fuse,
        ..TIME
    },
    Row {
        name: "memory",
        what: "peak memory of `host demo`",
        peer: "`wasmtime run --preload`, with its cache",
        unit: Unit::Bytes,
        goal: Some(1.05),
        measure: processes::memory,
    },
    Row {
        name: "build-all",
        what: "`cargo xtask build-all` with nothing to do",
        peer: "its cargo and CMake commands and the demo, one after the other",
        goal: Some(1.5),
        measure: processes::build_all,
        ..TIME
    },
];
