//! The files that the build writes to source folders: a C header from a crate (`header` in
//! `guests.toml`), and declarations in Rust from a C header (`bindings`).
//!
//! They are checked in, and replaced only if their content changes. So nothing is compiled again
//! without need, and a machine without libclang uses them as they are.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use xshell::{Cmd, Shell, cmd};

use crate::build::manifest::{GENERATED, Guest, Manifest};
use crate::support::files;
use crate::support::process;
use crate::support::progress::{Progress, Step};
use crate::support::project::{self, Project};
use crate::tools::cargo;
use crate::tools::emscripten::Emscripten;

/// The workspace of this program and of the program `bindings`. It need not be the one that is
/// built.
const OWN_WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The files that decide how the program `bindings` writes.
const OWN_FILES: [&str; 5] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/declarations.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/header.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/../bindings/src/main.rs"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/src/build/bindings.rs"),
];

/// The options with which clang reads headers as Emscripten's compiler does.
const CLANG_FLAGS: [&str; 2] = ["--target=wasm32-unknown-emscripten", "-fvisibility=default"];

/// The environment variable that tells where libclang is.
const LIBCLANG_PATH: &str = "LIBCLANG_PATH";

/// The environment variables that bindgen reads.
const BINDGEN_VARIABLES: [&str; 3] =
    [LIBCLANG_PATH, "LLVM_CONFIG_PATH", "BINDGEN_EXTRA_CLANG_ARGS"];

/// A file to write.
struct Output<'a> {
    guest: &'a Guest,
    content: Content<'a>,
    /// The file, relative to the workspace.
    file: PathBuf,
}

#[derive(Clone, Copy)]
enum Content<'a> {
    /// Declarations in C of what a crate exports.
    Header,
    /// Declarations in Rust of this C header.
    Declarations(&'a Path),
}

/// Writes the files that are out of date: headers first, because a C header may include them.
///
/// # Errors
///
/// The first file that cannot be written.
pub(crate) fn write(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let stale = stale(project, manifest)?;
    if stale.is_empty() {
        return Ok(());
    }
    let step = progress.step("bindings");
    let generator = Generator::build(project, &step)?;
    let mut written = Vec::new();
    for output in &stale {
        let Some(generated) = generator.generate(&step, output)? else {
            progress.line(output.without_libclang(project)?);
            continue;
        };
        let file = project.root.join(&output.file);
        if !files::has_text(&file, &generated.text) {
            files::replace(&file, generated.text.as_bytes())?;
            written.push(slashes(&output.file));
        }
        files::write(&output.record(project), output.fingerprint(project, generated.inputs)?)?;
    }
    match written.as_slice() {
        [] => step.done("up to date"),
        files => step.done(format_args!("wrote {}", files.join(", "))),
    }
    Ok(())
}

/// Checks that the files are up to date, and changes none. Files that need libclang are not checked
/// without it.
///
/// # Errors
///
/// Every file that is out of date.
pub(crate) fn check(
    project: &Project,
    progress: &Progress,
    manifest: &Manifest,
) -> anyhow::Result<()> {
    let stale = stale(project, manifest)?;
    if stale.is_empty() {
        return Ok(());
    }
    let step = progress.step("bindings");
    let generator = Generator::build(project, &step)?;
    let mut faults = Vec::new();
    for output in &stale {
        if let Some(generated) = generator.generate(&step, output)?
            && !files::has_text(&project.root.join(&output.file), &generated.text)
        {
            faults.push(format!(
                "`{}` is out of date: `cargo xtask build-all` writes it from {}",
                slashes(&output.file),
                output.origin()
            ));
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    step.done("up to date");
    Ok(())
}

/// Returns the files that may be out of date, headers first.
fn stale<'a>(project: &Project, manifest: &'a Manifest) -> anyhow::Result<Vec<Output<'a>>> {
    let headers = manifest.guests.iter().filter_map(|guest| {
        let file = guest.header.clone()?;
        Some(Output { guest, content: Content::Header, file })
    });
    let declarations = manifest.guests.iter().filter_map(|guest| {
        let content = Content::Declarations(guest.bindings.as_deref()?);
        Some(Output { guest, content, file: guest.declarations() })
    });
    let mut stale = Vec::new();
    for output in headers.chain(declarations) {
        if !output.is_current(project)? {
            stale.push(output);
        }
    }
    Ok(stale)
}

impl Output<'_> {
    /// Returns the source of the file, for its first line and for messages.
    fn origin(&self) -> String {
        match self.content {
            Content::Header => format!("the crate `{}`", slashes(&self.guest.path)),
            Content::Declarations(header) => format!("`{}`", slashes(header)),
        }
    }

    /// Returns the first line of the file, which says that it was written by a program.
    fn first_line(&self) -> String {
        let generator = match self.content {
            Content::Header => "cbindgen",
            Content::Declarations(_) => "bindgen",
        };
        format!("{GENERATED}{} with {generator}. Change that instead.", self.origin())
    }

    /// Returns the path of a file in the target folder that is about this one.
    fn in_target(&self, project: &Project, ending: &str) -> PathBuf {
        let kind = match self.content {
            Content::Header => "header",
            Content::Declarations(_) => "bindings",
        };
        project.bindings().join(format!("{}.{kind}.{ending}", self.guest.name))
    }

    /// Returns the path of the last fingerprint.
    fn record(&self, project: &Project) -> PathBuf {
        self.in_target(project, "record")
    }

    /// Returns whether the file was written by this build from what is there now.
    fn is_current(&self, project: &Project) -> anyhow::Result<bool> {
        let Ok(record) = files::read_text(&self.record(project)) else { return Ok(false) };
        let lines = record.lines().skip(1).filter_map(|line| line.split_once(' '));
        let inputs = lines.map(|(_, path)| PathBuf::from(path)).collect();
        Ok(self.fingerprint(project, inputs)? == record)
    }

    /// Returns a text that differs if the file or anything that it was made from does: a hash and
    /// the path of each file. `inputs` are the headers that clang has read.
    fn fingerprint(
        &self,
        project: &Project,
        mut inputs: BTreeSet<PathBuf>,
    ) -> anyhow::Result<String> {
        inputs.insert(project.root.join(&self.file));
        inputs.extend(OWN_FILES.map(PathBuf::from));
        if let Content::Header = self.content {
            inputs.insert(self.settings(project));
            inputs.extend(rust_files(project.cdylib(&self.guest.path)?.source)?);
            // cbindgen ignores them.
            inputs.remove(&project.root.join(self.guest.declarations()));
        }
        let line = |path: PathBuf| format!("{:016x} {}\n", hash_file(&path), path.display());
        let lines: String = inputs.into_iter().map(line).collect();
        Ok(format!("{}\n{lines}", self.first_line()))
    }

    /// Returns the path of the settings of cbindgen, which a crate may have.
    fn settings(&self, project: &Project) -> PathBuf {
        project.root.join(&self.guest.path).join("cbindgen.toml")
    }

    /// Returns the warning that the file is used as it is, because there is no libclang.
    ///
    /// # Errors
    ///
    /// If there is no file.
    fn without_libclang(&self, project: &Project) -> anyhow::Result<String> {
        let file = slashes(&self.file);
        let way_out = "install clang, or run `cargo xtask setup --libclang`";
        if !project.root.join(&self.file).is_file() {
            bail!("cannot write `{file}` from {}: there is no libclang; {way_out}", self.origin());
        }
        Ok(format!(
            "warning: `{file}` stays as it is, because there is no libclang to read {}; {way_out}",
            self.origin()
        ))
    }
}

/// Returns the Rust files in the folder of a crate's `lib.rs` and in the folders below it.
fn rust_files(source: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders: Vec<_> = source.parent().map(Path::to_owned).into_iter().collect();
    while let Some(folder) = folders.pop() {
        let unreadable = || format!("cannot read `{}`", folder.display());
        for entry in folder.read_dir().with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// Returns a hash of a file's content, or of nothing if it cannot be read.
fn hash_file(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    fs::read(path).ok().hash(&mut hasher);
    hasher.finish()
}

/// A file as it must be, and the headers that this depends on.
struct Generated {
    text: String,
    inputs: BTreeSet<PathBuf>,
}

/// The program `bindings`.
struct Generator<'a> {
    project: &'a Project,
    sh: Shell,
    program: PathBuf,
}

impl<'a> Generator<'a> {
    /// Builds the program next to this one, with cargo, which does nothing if it is up to date.
    fn build(project: &'a Project, step: &Step<'_>) -> anyhow::Result<Self> {
        let own = env::current_exe().context("cannot find the path of this program")?;
        let target = own.ancestors().nth(2).context("this program is in no target folder")?;
        let sh = process::shell(Path::new(OWN_WORKSPACE))?;
        let cargo = project::cargo();
        let mut build = cmd!(sh, "{cargo} build -p bindings --target-dir {target}");
        // Otherwise each new value compiles bindgen again, which reads them when it runs.
        for variable in BINDGEN_VARIABLES {
            build = build.env_remove(variable);
        }
        let built = cargo::run(step, build, || None)?;
        let program = built.file("bindings")?.to_owned();
        files::create_folder(&project.bindings())?;
        Ok(Generator { project, sh: process::shell(&project.root)?, program })
    }

    /// Generates a file. Returns `None` if that needs libclang and there is none.
    fn generate(&self, step: &Step<'_>, output: &Output<'_>) -> anyhow::Result<Option<Generated>> {
        match output.content {
            Content::Header => self.generate_header(step, output).map(Some),
            Content::Declarations(_) if self.libclang().is_none() => Ok(None),
            Content::Declarations(header) => {
                self.generate_declarations(step, output, header).map(Some)
            }
        }
    }

    fn generate_header(&self, step: &Step<'_>, output: &Output<'_>) -> anyhow::Result<Generated> {
        let source = self.project.cdylib(&output.guest.path)?.source;
        let settings = Some(output.settings(self.project)).filter(|file| file.is_file());
        // Types of the C header are those of the crate too.
        let include = output.guest.bindings.as_deref().filter(|_| settings.is_none());
        let include = include.map(|header| from_file(&output.file, header));
        let first_line = output.first_line();
        let file = output.in_target(self.project, "new");
        let mut command = self.sh.cmd(&self.program).arg("header").arg("--source").arg(source);
        command = command.args(["--first-line", &first_line]).arg("-o").arg(&file);
        if let Some(settings) = settings {
            command = command.arg("--config").arg(settings);
        }
        if let Some(include) = include {
            command = command.arg("--include").arg(include);
        }
        process::run(step, command)?;
        Ok(Generated { text: files::read_text(&file)?, inputs: BTreeSet::new() })
    }

    /// `header` is relative to the workspace.
    fn generate_declarations(
        &self,
        step: &Step<'_>,
        output: &Output<'_>,
        header: &Path,
    ) -> anyhow::Result<Generated> {
        let source = self.project.root.join(header);
        let own_header = output.guest.header.as_ref().map(|file| self.project.root.join(file));
        let sysroot = Emscripten::find(self.project)?.sysroot()?;
        let first_line = output.first_line();
        let file = output.in_target(self.project, "new");
        let inputs = output.in_target(self.project, "inputs");
        let mut command = self.sh.cmd(&self.program).arg("rust").arg("--source").arg(source);
        command = command.args(["--first-line", &first_line]).arg("-o").arg(&file);
        command = command.arg("--inputs").arg(&inputs);
        if let Some(header) = own_header {
            command = command.arg("--except").arg(header);
        }
        let command = self.with_libclang(command).arg("--").args(CLANG_FLAGS);
        process::run(step, command.arg(format!("--sysroot={}", sysroot.display())))?;
        let inputs = files::read_text(&inputs)?.lines().map(PathBuf::from).collect();
        Ok(Generated { text: files::read_text(&file)?, inputs })
    }

    /// Returns the path of libclang, if there is one.
    fn libclang(&self) -> Option<String> {
        let command = self.with_libclang(self.sh.cmd(&self.program).arg("libclang"));
        process::read(command.into()).ok()
    }

    /// Lets a command find the libclang that `setup` has installed, unless the user names another.
    fn with_libclang<'s>(&self, command: Cmd<'s>) -> Cmd<'s> {
        let ours = self.project.libclang().join("clang").join("native");
        if env::var_os(LIBCLANG_PATH).is_none() && ours.is_dir() {
            return command.env(LIBCLANG_PATH, ours);
        }
        command
    }
}

/// What is known about libclang.
pub(crate) enum Libclang {
    /// The path of the library.
    Found(String),
    Missing,
    /// Only the program `bindings` can tell, and it is not built yet.
    Unknown,
}

/// Looks for libclang, with the program `bindings` if it is built.
///
/// # Errors
///
/// If the path of this program is unknown.
pub(crate) fn libclang(project: &Project) -> anyhow::Result<Libclang> {
    let own = env::current_exe().context("cannot find the path of this program")?;
    let program = own.with_file_name(format!("bindings{}", env::consts::EXE_SUFFIX));
    if !program.is_file() {
        return Ok(Libclang::Unknown);
    }
    let generator = Generator { project, sh: process::shell(&project.root)?, program };
    Ok(generator.libclang().map_or(Libclang::Missing, Libclang::Found))
}

/// Returns the path of a file as another file includes it. Both are relative to the workspace.
fn from_file(file: &Path, to: &Path) -> String {
    let folder = file.parent().unwrap_or(Path::new(""));
    let common = folder.iter().zip(to).take_while(|(a, b)| a == b).count();
    let up = folder.iter().skip(common).map(|_| OsStr::new(".."));
    slashes(&up.chain(to.iter().skip(common)).collect::<PathBuf>())
}

/// Returns a path as it is written on every system.
fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_included_from_any_folder() {
        let include = |file: &str, to: &str| from_file(Path::new(file), Path::new(to));
        assert_eq!(include("tour/cpp/rust.h", "tour/cpp/tour.h"), "tour.h");
        assert_eq!(include("calc/calc.h", "toolbox/include/a.h"), "../toolbox/include/a.h");
        assert_eq!(include("calc.h", "include/a.h"), "include/a.h");
    }
}
