//! The rows: what is compared with what, and the goal of each.

use serde::{Deserialize, Serialize};

use super::build::Bench;
use super::crates::{self, CXX_CALLS, SQLITE};
use super::rows::Goal::{Ours, Ratio};
use super::samples::Outcome;
use super::server::{self, Figure};
use super::third_party::{MESH, ZSTD};
use super::{dev, pairs, processes, programs, sizes};

/// A comparison with a peer: another program that does the same.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) peer: &'static str,
    pub(super) unit: Unit,
    pub(super) goal: Option<Goal>,
    pub(super) measure: fn(&Bench<'_>) -> anyhow::Result<Outcome>,
}

/// The unit of a row's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Unit {
    #[serde(rename = "ns")]
    Nanoseconds,
    #[serde(rename = "bytes")]
    Bytes,
    #[serde(rename = "count")]
    Count,
}

/// The goal of a row.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Goal {
    /// The maximum ratio of ours to the peer's.
    Ratio(f64),
    /// The maximum of ours itself, in the row's unit.
    Ours(f64),
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

/// The defaults of a row that measures the size of a fused file.
const SIZE: Row =
    Row { peer: "linked statically by Emscripten, same sources", unit: Unit::Bytes, ..TIME };

/// The defaults of a row that measures the files of the row before it again.
const OPTIMIZED: Row =
    Row { what: "the same, after `wasm-opt -Oz`", peer: "the same, after `wasm-opt -Oz`", ..SIZE };

pub(super) const ROWS: [Row; 48] = [
    Row {
        name: "serve-wasmtime",
        what: "a request to the spell server by `host serve`, with a new instance",
        peer: "`wasmtime serve`, the same component",
        measure: |bench| server::wasmtime(bench, Figure::Request),
        ..TIME
    },
    Row {
        name: "serve-latency",
        what: "the same: 99 % of the requests of 8 clients are answered within",
        peer: "`wasmtime serve`, the same component",
        measure: |bench| server::wasmtime(bench, Figure::Latency),
        ..TIME
    },
    Row {
        name: "serve-reuse",
        what: "a request to the spell server by `host serve`, with a new instance",
        peer: "the same with `--max-reuse 1000000`",
        measure: server::reuse,
        ..TIME
    },
    Row {
        name: "serve-native",
        what: "a request to the spell server by `host serve`, with a new instance",
        peer: "a native server with the same C++ library",
        measure: server::native,
        ..TIME
    },
    Row {
        name: "start-component",
        what: "process start to the end of the tour as a component, the second time",
        peer: "the tour as a fused module",
        measure: server::start,
        ..TIME
    },
    Row {
        name: "size-component",
        what: "the component of the spell server, with `--strip`",
        peer: "a function in JavaScript that returns its argument, by componentize-js",
        measure: server::size,
        ..SIZE
    },
    Row {
        name: "start-wasmtime",
        what: "process start to the demo's result, the second time",
        peer: "`wasmtime run --preload`, with its cache",
        goal: Some(Ratio(0.6)),
        measure: processes::start_wasmtime,
        ..TIME
    },
    Row {
        name: "start-node",
        what: "the same",
        peer: "node, the same two modules",
        goal: Some(Ratio(0.05)),
        measure: processes::start_node,
        ..TIME
    },
    Row {
        name: "start-native",
        what: "the same",
        peer: "a native program with two libraries by dlopen",
        goal: Some(Ratio(3.0)),
        measure: processes::start_native,
        ..TIME
    },
    Row {
        name: "start-over-true",
        what: "what `host demo` takes longer than `true`, the second time",
        peer: "the same of `wasmtime run --preload`",
        goal: Some(Ratio(0.5)),
        measure: processes::start_over_true,
        ..TIME
    },
    Row {
        name: "faults",
        what: "page faults of `host demo`, the second time",
        peer: "`wasmtime run --preload`, with its cache",
        unit: Unit::Count,
        goal: Some(Ours(200.0)),
        measure: processes::faults,
    },
    Row {
        name: "first-run",
        what: "processor time of a program that sorts strings, without a cache",
        peer: "`wasmtime run`, linked statically by Emscripten",
        goal: Some(Ratio(1.5)),
        measure: processes::first_run,
        ..TIME
    },
    Row {
        name: "warm-run",
        what: "the same, with the code in the cache",
        peer: "the same",
        goal: Some(Ratio(0.8)),
        measure: |bench| processes::warm_run(bench, pairs::strings),
        ..TIME
    },
    Row {
        name: "warm-tour",
        what: "the same of the tour",
        peer: "the same",
        goal: Some(Ratio(0.8)),
        measure: |bench| processes::warm_run(bench, pairs::tour),
        ..TIME
    },
    Row {
        name: "call-rust-inlined",
        what: "a call of Rust in a C++ loop, with `--inline`",
        peer: "native shared libraries, -O2",
        goal: Some(Ratio(0.5)),
        measure: |bench| programs::calls(bench, "call-rust-inlined"),
        ..TIME
    },
    Row {
        name: "call-rust",
        what: "the same without",
        peer: "the same",
        goal: Some(Ratio(0.7)),
        measure: |bench| programs::calls(bench, "call-rust"),
        ..TIME
    },
    Row {
        name: "call-back",
        what: "a call of C++ in a Rust loop, by function pointer",
        peer: "the same",
        goal: Some(Ratio(2.0)),
        measure: |bench| programs::calls(bench, "call-back"),
        ..TIME
    },
    Row {
        name: "typed-call",
        what: "a typed call from the host",
        peer: "Wasmtime's `TypedFunc` of the same module",
        goal: Some(Ratio(1.05)),
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
        goal: Some(Ratio(1.5)),
        measure: programs::open_close,
        ..TIME
    },
    Row {
        name: "zstd-native",
        what: "zstd compresses 16 MiB of generated text",
        peer: "native, -O2",
        goal: Some(Ratio(1.6)),
        measure: |bench| programs::library_native(bench, "zstd-native", &ZSTD),
        ..TIME
    },
    Row {
        name: "zstd-static",
        what: "the same",
        peer: "linked statically by Emscripten, on Wasmtime",
        goal: Some(Ratio(1.05)),
        measure: |bench| programs::library_static(bench, "zstd-static", &ZSTD),
        ..TIME
    },
    Row {
        name: "mesh-native",
        what: "meshoptimizer on 80,000 generated triangles",
        peer: "native, -O2",
        goal: Some(Ratio(1.6)),
        measure: |bench| programs::library_native(bench, "mesh-native", &MESH),
        ..TIME
    },
    Row {
        name: "mesh-static",
        what: "the same",
        peer: "linked statically by Emscripten, on Wasmtime",
        goal: Some(Ratio(1.0)),
        measure: |bench| programs::library_static(bench, "mesh-static", &MESH),
        ..TIME
    },
    Row {
        name: "sort-static",
        what: "`std::sort` of ten million integers",
        peer: "the same",
        goal: Some(Ratio(1.0)),
        measure: |bench| programs::containers(bench, "sort-static", "sort_integers"),
        ..TIME
    },
    Row {
        name: "sort-inlined",
        what: "the same, with `--inline`",
        peer: "the same",
        goal: Some(Ratio(1.05)),
        measure: |bench| programs::containers(bench, "sort-inlined", "sort_integers"),
        ..TIME
    },
    Row {
        name: "map-static",
        what: "500,000 insertions into a `std::map`",
        peer: "the same",
        goal: Some(Ratio(1.05)),
        measure: |bench| programs::containers(bench, "map-static", "insert_into_map"),
        ..TIME
    },
    Row {
        name: "sqlite-native",
        what: "`rusqlite` inserts 100,000 rows and joins them, processor time",
        peer: "native, the same crate",
        goal: Some(Ratio(2.0)),
        measure: |bench| crates::native(bench, &SQLITE),
        ..TIME
    },
    Row {
        name: "sqlite-wasip1",
        what: "the same",
        peer: "for `wasm32-wasip1`, C by Zig, on the same host",
        goal: Some(Ratio(1.1)),
        measure: |bench| crates::wasip1(bench, &SQLITE),
        ..TIME
    },
    Row {
        name: "cxx-native",
        what: "40 million calls across a bridge of `cxx`, processor time",
        peer: "native, the same crate",
        goal: Some(Ratio(1.5)),
        measure: |bench| crates::native(bench, &CXX_CALLS),
        ..TIME
    },
    Row {
        name: "build-sqlite",
        what: "`cargo build --release` of the program with `rusqlite`, from nothing",
        peer: "native, the same crate",
        goal: Some(Ratio(1.5)),
        measure: |bench| crates::build(bench, &SQLITE),
        ..TIME
    },
    Row {
        name: "instance",
        what: "one more instance of the tour",
        peer: "the tour linked by rust-lld, by Wasmtime's `InstancePre`",
        goal: Some(Ratio(1.05)),
        measure: |bench| programs::instance(bench, "instance"),
        ..TIME
    },
    Row {
        name: "instance-preinit",
        what: "the same, written with `--preinit`",
        peer: "the same",
        goal: Some(Ratio(1.1)),
        measure: |bench| programs::instance(bench, "instance-preinit"),
        ..TIME
    },
    Row {
        name: "instances-1000",
        what: "memory of each of 1000 instances of a program that sorts strings",
        peer: "linked statically by Emscripten, by Wasmtime's `InstancePre`",
        unit: Unit::Bytes,
        goal: Some(Ratio(1.05)),
        measure: programs::instances,
    },
    Row {
        name: "link-1000",
        what: "1000 modules of 100 symbols to a bound program",
        peer: "`wit-component`'s `Linker`, to a component",
        goal: Some(Ratio(0.1)),
        measure: programs::wit_component,
        ..TIME
    },
    Row {
        name: "fuse",
        what: "`host fuse` of libc, libc++ and the tour",
        peer: "rust-lld, Emscripten's archives and the tour's objects",
        goal: Some(Ratio(0.5)),
        measure: processes::fuse,
        ..TIME
    },
    Row {
        name: "memory",
        what: "peak memory of `host demo`",
        peer: "`wasmtime run --preload`, with its cache",
        unit: Unit::Bytes,
        goal: Some(Ratio(1.0)),
        measure: processes::memory,
    },
    Row {
        name: "build-all",
        what: "`cargo xtask build-all` with nothing to do",
        peer: "its cargo and CMake commands and the demo, one after the other",
        goal: Some(Ratio(1.5)),
        measure: processes::build_all,
        ..TIME
    },
    Row {
        name: "dev-demo",
        what: "from saving the demo's C++ to its result, by `cargo xtask dev`",
        peer: "`cargo xtask run` after saving",
        goal: Some(Ours(1e9)),
        measure: dev::demo,
        ..TIME
    },
    Row {
        name: "size-throw",
        what: "a C++ program that throws, catches and prints, fused",
        goal: Some(Ratio(1.5)),
        measure: |bench| sizes::fused(bench, pairs::catch),
        ..SIZE
    },
    Row {
        name: "size-throw-oz",
        goal: Some(Ratio(1.5)),
        measure: |bench| sizes::optimized(bench, pairs::catch),
        ..OPTIMIZED
    },
    Row {
        name: "size-strings",
        what: "a C++ program that sorts strings and prints them, fused",
        goal: Some(Ratio(1.2)),
        measure: |bench| sizes::fused(bench, pairs::strings),
        ..SIZE
    },
    Row {
        name: "size-strings-oz",
        goal: Some(Ratio(1.2)),
        measure: |bench| sizes::optimized(bench, pairs::strings),
        ..OPTIMIZED
    },
    Row {
        name: "size-tour",
        what: "the tour, fused",
        goal: Some(Ratio(1.1)),
        measure: |bench| sizes::fused(bench, pairs::tour),
        ..SIZE
    },
    Row {
        name: "size-tour-oz",
        goal: Some(Ratio(1.1)),
        measure: |bench| sizes::optimized(bench, pairs::tour),
        ..OPTIMIZED
    },
    Row {
        name: "size-zstd",
        what: "a program that compresses with zstd, fused",
        goal: Some(Ratio(1.0)),
        measure: |bench| sizes::fused(bench, pairs::zstd),
        ..SIZE
    },
    Row {
        name: "size-zstd-oz",
        goal: Some(Ratio(1.0)),
        measure: |bench| sizes::optimized(bench, pairs::zstd),
        ..OPTIMIZED
    },
    Row {
        name: "size-sqlite",
        what: "the program with `rusqlite`, fused",
        peer: "for `wasm32-wasip1`, C by Zig",
        goal: Some(Ratio(1.1)),
        measure: |bench| crates::size(bench, &SQLITE),
        ..SIZE
    },
];
