//! The documents: README.md, the pages of `docs/`, and the other Markdown files for readers.
//!
//! The commands of README.md and of each page run as they are written, in one copy of the workspace
//! in which everything is built. A page may change sources by `diff` blocks, which are undone at
//! its end.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Failed, Trial};

use crate::support::console::{self, Place};
use crate::support::markdown::code_spans;
use crate::support::trial::trial;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("documents::commands_print_what_is_shown", commands),
        trial("documents::crates_are_built_in_any_folder", crates),
        trial("documents::the_host_in_cpp_is_the_one_that_runs", host_in_cpp),
        trial("documents::links_resolve", links_resolve),
        trial("documents::named_files_exist", named_files_exist),
        trial("documents::the_summary_lists_every_page", summary_lists_every_page),
    ]
}

/// Runs the commands of README.md and of every page. All pages share one workspace, since building
/// `host` takes most of the time.
fn commands() -> Result<(), Failed> {
    let workspace = build()?;
    let mut failed = String::new();
    for page in pages_with_commands()? {
        if let Err(error) = commands_of(&page, &workspace) {
            failed += &format!("{}: {}\n", page.display(), error.message().unwrap_or_default());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.into()) }
}

/// The page whose commands run in an empty folder, with `cargo host` installed.
const CRATES: &str = "docs/crates.md";

/// Runs the commands of the page about crates. They fetch crates.
fn crates() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let root = sandbox.path().join("installed");
    let mut install = Command::new(workspace::xtask());
    workspace::clean_environment(&mut install);
    install.current_dir(workspace::root()).args(["install", "--no-setup", "--root"]).arg(&root);
    let output = install.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let folder = sandbox.path().join("empty");
    fs::create_dir(&folder)?;
    let mut path = vec![root.join("bin")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let variables = vec![("PATH", env::join_paths(path)?), ("CARGO_NET_OFFLINE", "false".into())];
    let mut place = Place { folder, variables };
    let text = fs::read_to_string(workspace::root().join(CRATES))?;
    for block in console::blocks(&text) {
        if block.language == "console" {
            let actual = console::run_in(block.text, &mut place)?;
            console::same(&actual, block.text, "a page must show what its commands print")?;
        } else if let Some((file, appends)) = file_before(&text, &block) {
            write(&place.folder.join(file), block.text, appends)?;
        }
    }
    Ok(())
}

/// Returns the file that the reader is asked to write before a block, and whether the block is
/// added to it.
fn file_before<'t>(text: &'t str, block: &console::Block<'_>) -> Option<(&'t str, bool)> {
    let line = text[..block.span.start].trim_end().lines().rev().nth(2)?;
    let (before, file) = line.strip_suffix("`:")?.rsplit_once('`')?;
    match before {
        _ if before.ends_with("Write ") => Some((file, false)),
        _ if before.ends_with("lines to ") => Some((file, true)),
        _ => None,
    }
}

fn write(file: &Path, text: &str, appends: bool) -> io::Result<()> {
    let mut file = fs::File::options()
        .create(true)
        .write(true)
        .truncate(!appends)
        .append(appends)
        .open(file)?;
    file.write_all(text.as_bytes())
}

/// Returns a copy of the workspace with everything built.
fn build() -> Result<Sandbox, Failed> {
    let workspace = Sandbox::of_workspace()?;
    build_all(&workspace, &[])?;
    Ok(workspace)
}

fn build_all(workspace: &Sandbox, flags: &[&str]) -> Result<(), Failed> {
    let args = [&["build-all", "--no-setup"], flags].concat();
    let output = workspace.xtask(&args).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// Runs a page's commands and makes the changes that it asks for, in order. Then it undoes the
/// changes, so that every page starts from the same workspace.
fn commands_of(page: &Path, workspace: &Sandbox) -> Result<(), Failed> {
    let text = fs::read_to_string(page)?;
    let mut applied = Vec::new();
    let result = run_blocks(&text, workspace.path(), &mut applied);
    for diff in applied.iter().rev() {
        apply(diff, workspace.path(), &["--reverse"])?;
    }
    if !applied.is_empty() {
        build_all(workspace, &["--guests-only"])?;
    }
    result
}

fn run_blocks<'a>(text: &'a str, folder: &Path, applied: &mut Vec<&'a str>) -> Result<(), Failed> {
    for block in console::blocks(text) {
        match block.language {
            "console" => session(block.text, folder)?,
            "diff" => {
                apply(block.text, folder, &[])?;
                applied.push(block.text);
            }
            _ => {}
        }
    }
    Ok(())
}

fn session(block: &str, folder: &Path) -> Result<(), Failed> {
    // The tests would run themselves.
    if block.contains("cargo xtask test") {
        return Ok(());
    }
    let actual = console::run(block, folder)?;
    console::same(&actual, block, "a page must show what its commands print")
}

/// Applies a change that a reader is asked to make.
fn apply(diff: &str, folder: &Path, flags: &[&str]) -> Result<(), Failed> {
    let mut command = Command::new("git");
    command.arg("apply").args(flags).arg("-").current_dir(folder);
    command.env("GIT_CEILING_DIRECTORIES", folder);
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    stdin.write_all(diff.as_bytes())?;
    drop(stdin);
    if child.wait()?.success() { Ok(()) } else { Err(format!("cannot apply\n{diff}").into()) }
}

/// Checks that the C++ on the page about hosts is part of the host's source. (`host`'s
/// documentation tests compile its Rust.)
fn host_in_cpp() -> Result<(), Failed> {
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect();
    let source: String = lines(&fs::read_to_string(workspace::root().join("host/cpp/main.cpp"))?);
    let page = fs::read_to_string(workspace::root().join("docs/embedding.md"))?;
    let shown: Vec<String> = console::blocks(&page)
        .iter()
        .filter(|block| block.language == "cpp")
        .map(|block| lines(block.text))
        .collect();
    match shown.iter().find(|shown| !source.contains(shown.as_str())) {
        Some(other) => Err(format!("not in host/cpp/main.cpp:\n{other}").into()),
        None if shown.is_empty() => Err("docs/embedding.md shows no C++".into()),
        None => Ok(()),
    }
}

/// Checks that each relative link leads to a file, and to a heading of it where it names one.
fn links_resolve() -> Result<(), Failed> {
    let mut broken = String::new();
    for document in documents()? {
        let text = fs::read_to_string(&document)?;
        for link in links(&text) {
            if let Err(reason) = resolve(&document, &link) {
                broken += &format!("{}: {link}: {reason}\n", document.display());
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.into()) }
}

fn resolve(document: &Path, link: &str) -> Result<(), String> {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let file = match path {
        "" => document.to_owned(),
        path => document.parent().unwrap_or(document).join(path),
    };
    if !file.exists() {
        return Err("there is no such file".to_owned());
    }
    if heading.is_empty() {
        return Ok(());
    }
    let text = fs::read_to_string(&file).map_err(|error| error.to_string())?;
    match prose(&text).any(|line| line.starts_with('#') && anchor(line) == heading) {
        true => Ok(()),
        false => Err("there is no such heading".to_owned()),
    }
}

/// Checks that the files and folders of the workspace that documents name exist.
fn named_files_exist() -> Result<(), Failed> {
    let root = workspace::root();
    let mut missing = String::new();
    for document in documents()? {
        let text = fs::read_to_string(&document)?;
        let paths = prose(&text).flat_map(code_spans).filter(|span| is_path(span, &root));
        for path in paths.filter(|path| !root.join(without_pattern(path)).exists()) {
            missing += &format!("{}: there is no {path}\n", document.display());
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.into()) }
}

/// Returns whether a piece of code is the path of a source: one that starts with a folder of the
/// workspace, other than that of what is built.
fn is_path(code: &str, root: &Path) -> bool {
    let folder = code.split_once('/').map_or("", |(folder, _)| folder);
    let is_source = !matches!(folder, "" | "." | ".." | "~" | "target");
    is_source && !code.contains(char::is_whitespace) && root.join(folder).is_dir()
}

/// Returns the folder of a path such as `linker/src/*.rs`, and any other path as it is.
fn without_pattern(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, name)) if name.contains('*') => folder,
        _ => path,
    }
}

/// Returns the targets of a document's links, except those that lead to other sites.
fn links(text: &str) -> Vec<String> {
    let targets = prose(text).flat_map(|line| {
        let pieces = line.split("](").skip(1);
        pieces.filter_map(|piece| piece.split_once(')')).map(|(target, _)| target.to_owned())
    });
    targets.filter(|target| !target.contains("://")).collect()
}

/// Returns the lines of a document that are in no fenced block.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let is_fence = line.starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    })
}

/// Returns the anchor that GitHub and mdBook give a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Checks that the table of contents lists every page, and each of them once.
fn summary_lists_every_page() -> Result<(), Failed> {
    let folder = workspace::root().join("docs");
    let listed = links(&fs::read_to_string(folder.join("SUMMARY.md"))?);
    let unique: BTreeSet<PathBuf> = listed.iter().map(|link| folder.join(link)).collect();
    if unique.len() != listed.len() {
        return Err("docs/SUMMARY.md lists a page twice".into());
    }
    let pages = markdown_in(&folder)?;
    let missing: Vec<_> = pages
        .iter()
        .filter(|page| !page.ends_with("SUMMARY.md") && !unique.contains(*page))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("docs/SUMMARY.md does not list {missing:?}").into())
}

/// Returns README.md and the pages of `docs/` that have commands.
fn pages_with_commands() -> io::Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut pages = vec![root.join("README.md")];
    pages.extend(markdown_in(&root.join("docs"))?);
    pages.retain(|page| *page != root.join(CRATES));
    pages.retain(|page| fs::read_to_string(page).is_ok_and(|text| text.contains("```console")));
    Ok(pages)
}

/// Returns the documents for readers.
fn documents() -> io::Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut documents = markdown_in(&root)?;
    documents.extend(markdown_in(&root.join("docs"))?);
    documents.extend(markdown_in(&root.join("tests/suites"))?);
    documents.push(root.join("tests/matrix/README.md"));
    Ok(documents)
}

fn markdown_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = files.collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "md"));
    files.sort();
    Ok(files)
}
