//! `host init`: makes a project with a crate and a library in C++.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use super::console::print;
use super::flags::InitFlags;

/// The files of a project, and what they contain. In both, `NAME` is the name of the project.
const FILES: [(&str, &str); 11] = [
    ("Cargo.toml", include_str!("template/Cargo.toml")),
    ("build.rs", include_str!("../../../../calc/build.rs")),
    ("src/lib.rs", include_str!("template/lib.rs")),
    ("tests/run.rs", include_str!("template/run.rs")),
    ("cpp/CMakeLists.txt", include_str!("template/CMakeLists.txt")),
    ("cpp/CMakePresets.json", include_str!("template/CMakePresets.json")),
    ("cpp/words.cpp", include_str!("template/words.cpp")),
    ("README.md", include_str!("template/README.md")),
    ("rustfmt.toml", include_str!("../../../../rustfmt.toml")),
    (".gitignore", include_str!("template/gitignore")),
    (".clangd", include_str!("template/clangd")),
];

pub(crate) fn run(flags: &InitFlags) -> anyhow::Result<()> {
    let name = name(flags)?;
    check_free(&flags.folder)?;
    for (path, text) in FILES {
        write(&flags.folder.join(path), &filled(text, &name))?;
    }
    print(&report(&flags.folder, &name))
}

/// Returns the name of the project: that of its folder, unless another is given.
fn name(flags: &InitFlags) -> anyhow::Result<String> {
    let of_folder = || {
        let folder = std::path::absolute(&flags.folder).ok()?;
        Some(folder.file_name()?.to_string_lossy().into_owned())
    };
    let name = flags.name.clone().or_else(of_folder).context("name the project with `--name`")?;
    let faults = faults(&name);
    if faults.is_empty() {
        return Ok(name);
    }
    let shown = linker::printable(&name);
    bail!(
        "`{shown}` cannot be the name of a crate:\n  {}\ngive another with `--name`",
        faults.join("\n  ")
    )
}

/// The keywords of Rust that could be the name of a folder, and the crates that come with it.
const RESERVED: [&str; 42] = [
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue",
    "core", "crate", "do", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self",
    "static", "std", "struct", "super", "test", "trait", "true", "type",
];

/// Returns every reason why a crate cannot have a name.
fn faults(name: &str) -> Vec<String> {
    let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let mut faults = Vec::new();
    if name.is_empty() {
        faults.push("it is empty".to_owned());
    }
    if !name.chars().all(is_good) {
        faults.push("it may have only lowercase letters, digits, `-` and `_`".to_owned());
    }
    if name.starts_with(|c: char| c.is_ascii_digit() || "-_".contains(c)) {
        faults.push("it must begin with a letter".to_owned());
    }
    if RESERVED.contains(&name) {
        faults.push("it is reserved in Rust".to_owned());
    }
    faults
}

/// Fails if the folder has files that would be replaced, or cannot be one.
fn check_free(folder: &Path) -> anyhow::Result<()> {
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot use `{}`", folder.display())),
        Ok(entries) => {
            let taken = FILES.iter().map(|(path, _)| folder.join(path)).find(|file| file.exists());
            let other = entries.flatten().find(|entry| !is_hidden(entry)).map(|it| it.path());
            match taken.or(other) {
                None => Ok(()),
                Some(file) => bail!(
                    "`{}` is not empty, it has `{}`: name a folder that is new or empty",
                    folder.display(),
                    linker::printable(&file.file_name().unwrap_or_default().to_string_lossy())
                ),
            }
        }
    }
}

/// Puts the name in place of `NAME`, and what depends on it. In identifiers, `-` becomes `_`.
fn filled(text: &str, name: &str) -> String {
    let identifier = name.replace('-', "_");
    let generator = if cfg!(windows) { "Ninja" } else { "Unix Makefiles" };
    text.replace("NAME_", &format!("{identifier}_"))
        .replace("IDENTIFIER", &identifier)
        .replace("GENERATOR", generator)
        .replace("NAME", name)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(cannot)?;
    }
    fs::write(file, text).with_context(cannot)
}

fn report(folder: &Path, name: &str) -> String {
    let files: String = FILES.iter().map(|(path, _)| format!("  {path}\n")).collect();
    format!(
        "made the project `{name}` in `{}`:\n{files}\
         build both sides, link them and call the program:\n  cargo test\n\
         README.md has each step\n",
        folder.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_crates() {
        for good in ["a", "my-app", "my_app2"] {
            assert_eq!(faults(good), [""; 0]);
        }
        for bad in ["", "My", "a b", "2a", "-a", "fn", "std", "a/b", "grün"] {
            assert!(!faults(bad).is_empty(), "{bad}");
        }
    }

    #[test]
    fn names_with_a_dash_are_identifiers_where_they_must_be() {
        assert_eq!(filled("NAME NAME_answer IDENTIFIER.wasm", "a-b"), "a-b a_b_answer a_b.wasm");
    }
}
