//! `corpus seed CASES GUESTS CORPUS` makes inputs to begin with of `tests/cases` and the guests
//! that were built.
//!
//! `corpus show INPUT FOLDER` writes the modules of an input as files, to be looked at; `corpus
//! keep INPUT FILE` writes them as one input that is the same set, however `generate` makes others
//! later.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use fuzz::modules::{HEAD, Input};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Larger ones would be cut off.
const LIMIT: usize = 16 << 10;

fn main() -> Result<()> {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    match (args.first().and_then(|arg| arg.to_str()), args.get(1..).unwrap_or_default()) {
        (Some("seed"), [cases, guests, corpus]) => seed(cases, guests, corpus),
        (Some("show"), [input, folder]) => show(input, folder),
        (Some("keep"), [input, file]) => {
            Ok(fs::write(file, Input::read(&fs::read(input)?).write())?)
        }
        _ => {
            Err("usage: corpus seed CASES GUESTS CORPUS, show INPUT FOLDER, keep INPUT FILE".into())
        }
    }
}

fn seed(cases: &Path, guests: &Path, corpus: &Path) -> Result<()> {
    for case in cases_in(cases)? {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        modules_of(&case, &name, corpus)?;
        if let Ok(text) = fs::read_to_string(case.join("case.md")) {
            command_lines(&text, &name, corpus)?;
        }
    }
    for guest in files(guests)?.iter().filter(|file| file.extension() == Some(OsStr::new("wasm"))) {
        let name = guest.file_name().unwrap_or_default().to_string_lossy();
        keep(corpus, "parse", &name, &fs::read(guest)?)?;
    }
    let map = r#"{"version":3,"sources":["a.c"],"names":["f"],"mappings":"IAAA,CCCAA,A","x_inlined_at":["IAAA"],"x_modules":[[8,"a"]]}"#;
    keep(corpus, "parse", "map", map.as_bytes())?;
    let manifest = cases.join("../../guests.toml");
    keep(corpus, "cli", "guests.toml", &[b"g", &fs::read(manifest)?[..]].concat())?;
    for kind in ["c", "s", "\0asm\r\0\x01\0", "wpackage a:b; world c { export d: func(); }"] {
        keep(corpus, "component", &kind[..1].replace('\0', "r"), kind.as_bytes())?;
    }
    for kind in ["c", "k", "p", "e", "r"] {
        keep(corpus, "cache", kind, format!("{kind}\0\0\x0c\x01").as_bytes())?;
    }
    Ok(())
}

/// Returns the folder of each case, `CASES/TOPIC/NAME`.
fn cases_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut cases = Vec::new();
    for topic in files(folder)?.iter().filter(|path| path.is_dir()) {
        cases.extend(files(topic)?);
    }
    Ok(cases)
}

/// Each module of a case in the text format by itself, and all of them as a set.
fn modules_of(case: &Path, name: &str, corpus: &Path) -> Result<()> {
    let mut sources = files(case)?;
    sources.retain(|file| file.extension() == Some(OsStr::new("wat")));
    sources.sort_by_key(|file| (file.file_stem() != Some(OsStr::new("main")), file.clone()));
    let mut set = Vec::new();
    for source in sources {
        let module = wat::parse_file(&source)?;
        let stem = source.file_stem().unwrap_or_default().to_string_lossy();
        keep(corpus, "parse", &format!("{name}-{stem}"), &module)?;
        let role = if stem.starts_with("needed-") { "needed" } else { "link" };
        set.extend_from_slice(&[HEAD, format!("{role} {stem}\n").as_bytes(), &module].concat());
    }
    match set.is_empty() {
        true => Ok(()),
        false => {
            ["plan", "bind", "fuse", "open"].iter().try_for_each(|to| keep(corpus, to, name, &set))
        }
    }
}

/// The commands of a session, without what the shell would do with them.
fn command_lines(text: &str, name: &str, corpus: &Path) -> Result<()> {
    for (number, line) in text.lines().enumerate() {
        let command = [("h", "$ host "), ("h", "$ cargo host "), ("x", "$ cargo xtask ")];
        let words =
            command.iter().find_map(|(kind, start)| Some((kind, line.strip_prefix(start)?)));
        if let Some((kind, words)) = words {
            let words = words.split_whitespace().collect::<Vec<_>>().join("\0");
            keep(corpus, "cli", &format!("{name}-{number}"), format!("{kind}{words}").as_bytes())?;
        }
    }
    Ok(())
}

fn keep(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    if bytes.len() > LIMIT {
        return Ok(());
    }
    let folder = corpus.join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(format!("seed-{name}")), bytes)?)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

fn show(input: &Path, folder: &Path) -> Result<()> {
    let input = Input::read(&fs::read(input)?);
    fs::create_dir_all(folder)?;
    for (number, given) in input.modules.iter().enumerate() {
        let name = linker::printable(&given.name).replace(['/', '\\'], "_");
        fs::write(folder.join(format!("{number}-{:?}-{name}.wasm", given.role)), &given.bytes)?;
    }
    println!("{:#?}", input.options);
    Ok(())
}
