//! The rows about the size of files. They are measured once, since the same input always gives the
//! same bytes.
//!
//! Custom sections do not count: names, producers and the like, which `host fuse` writes and
//! Emscripten does not, and which no engine needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::build::Bench;
use super::measure::output;
use super::pairs::{BuildPair, Pair};
use super::samples::{Outcome, Samples};
use super::third_party::NO_SOURCES;

/// Compares the fused file with the one that Emscripten links.
pub(super) fn fused(bench: &Bench<'_>, build: BuildPair) -> anyhow::Result<Outcome> {
    let Some(pair) = build(bench)? else { return Outcome::missing(NO_SOURCES) };
    compare(bench, &pair, &pair.fuse(bench)?, &pair.static_module)
}

/// Compares both files after `wasm-opt -Oz`.
pub(super) fn optimized(bench: &Bench<'_>, build: BuildPair) -> anyhow::Result<Outcome> {
    let Some(pair) = build(bench)? else { return Outcome::missing(NO_SOURCES) };
    let wasm_opt = WasmOpt::find(bench)?;
    let fused = pair.fuse(bench)?;
    if let Some(reason) = wasm_opt.why_unreadable(&fused)? {
        return Outcome::missing(reason);
    }
    let ours = bench.module(&format!("{}.fused-oz", pair.name));
    let theirs = bench.module(&format!("{}.static-oz", pair.name));
    wasm_opt.optimize(&fused, &ours)?;
    wasm_opt.optimize(&pair.static_module, &theirs)?;
    compare(bench, &pair, &ours, &theirs)
}

fn compare(bench: &Bench<'_>, pair: &Pair, ours: &Path, theirs: &Path) -> anyhow::Result<Outcome> {
    pair.check_files(bench, ours, theirs)?;
    outcome(ours, theirs)
}

/// Compares the sizes of two modules.
pub(super) fn outcome(ours: &Path, theirs: &Path) -> anyhow::Result<Outcome> {
    let size = |file: &Path| -> anyhow::Result<f64> {
        let sizes = Sections::read(file)?.0.into_iter();
        let counted = sizes.filter(|section| section.id != CUSTOM).map(|section| section.size);
        Ok((HEADER.len() + counted.sum::<usize>()) as f64)
    };
    Ok(Outcome::Measured(Samples { ours: vec![size(ours)?], theirs: vec![size(theirs)?] }))
}

/// The first bytes of every module.
const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// The identifiers of sections that matter here.
const CUSTOM: u8 = 0;
const TAG: u8 = 13;

/// The sections of a module.
struct Sections(Vec<Section>);

struct Section {
    id: u8,
    /// The number of bytes, with the section's own header.
    size: usize,
}

impl Sections {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let sections = Sections::parse(&bytes);
        sections.with_context(|| format!("`{}` is not a WebAssembly module", file.display()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(HEADER)?;
        let mut sections = Vec::new();
        while let Some((&id, after_id)) = rest.split_first() {
            let (length, contents) = read_length(after_id)?;
            let after = contents.get(length..)?;
            sections.push(Section { id, size: rest.len() - after.len() });
            rest = after;
        }
        Some(Sections(sections))
    }
}

/// Reads a number in LEB128 from the start of some bytes. Returns it and the bytes after it.
fn read_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (index, &byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Some((length, &bytes[index + 1..]));
        }
    }
    None
}

/// The optimizer of Binaryen.
struct WasmOpt {
    program: PathBuf,
    /// The version, which has been one number since 2017.
    version: u32,
}

impl WasmOpt {
    /// The first version that optimizes code with the exceptions of the standard, which `host`
    /// writes.
    const STANDARD_EXCEPTIONS: u32 = 119;

    /// The features of WebAssembly that the files may use, of both sides.
    const FEATURES: [&str; 7] = [
        "--enable-bulk-memory",
        "--enable-exception-handling",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
    ];

    /// Finds the optimizer on `PATH`, or else the one of Emscripten.
    fn find(bench: &Bench<'_>) -> anyhow::Result<Self> {
        let program = match bench.project.program("wasm-opt") {
            Some(program) => program,
            None => bench.emscripten.wasm_opt()?,
        };
        let text = output(Command::new(&program).arg("--version"))?;
        let version = text.split_whitespace().find_map(|word| word.parse().ok());
        let version =
            version.with_context(|| format!("`wasm-opt --version` printed `{}`", text.trim()))?;
        Ok(WasmOpt { program, version })
    }

    /// Returns why this version cannot read a file that `host` has written, if so.
    fn why_unreadable(&self, fused: &Path) -> anyhow::Result<Option<String>> {
        let has_exceptions = Sections::read(fused)?.0.iter().any(|section| section.id == TAG);
        let is_old = self.version < Self::STANDARD_EXCEPTIONS;
        Ok((has_exceptions && is_old).then(|| {
            format!(
                "wasm-opt {} does not know the exceptions of the standard; {} does",
                self.version,
                Self::STANDARD_EXCEPTIONS
            )
        }))
    }

    fn optimize(&self, input: &Path, file: &Path) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("-Oz").args(Self::FEATURES).arg(input).arg("-o").arg(file);
        output(&mut command).map(drop)
    }
}
