//! The program `bindings`, which generates the files.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use driver::settings::CLANG_FLAGS;
use xshell::{Cmd, Shell, cmd};

use crate::build::bindings::output::{Content, Output, slashes};
use crate::support::files;
use crate::support::process;
use crate::support::progress::Step;
use crate::support::project::{self, Project};
use crate::tools::cargo;
use crate::tools::emscripten::Emscripten;

/// The workspace of this program and of the program `bindings`. It need not be the one that is
/// built.
const OWN_WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The environment variable that tells where libclang is.
const LIBCLANG_PATH: &str = "LIBCLANG_PATH";

/// The environment variables that bindgen reads.
const BINDGEN_VARIABLES: [&str; 3] =
    [LIBCLANG_PATH, "LLVM_CONFIG_PATH", "BINDGEN_EXTRA_CLANG_ARGS"];

/// A file as it must be, and the headers that this depends on.
pub(super) struct Generated {
    pub(super) text: String,
    pub(super) inputs: BTreeSet<PathBuf>,
}

/// The program `bindings`.
pub(super) struct Generator<'a> {
    project: &'a Project,
    sh: Shell,
    program: PathBuf,
}

impl<'a> Generator<'a> {
    /// Builds the program next to this one, with cargo, which does nothing if it is up to date.
    pub(super) fn build(project: &'a Project, step: &Step<'_>) -> anyhow::Result<Self> {
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
    pub(super) fn generate(
        &self,
        step: &Step<'_>,
        output: &Output<'_>,
    ) -> anyhow::Result<Option<Generated>> {
        let inputs = match output.content {
            Content::Header => self.generate_header(step, output)?,
            Content::Declarations(_) if self.libclang().is_none() => return Ok(None),
            Content::Declarations(header) => self.generate_declarations(step, output, header)?,
        };
        let text = files::read_text(&self.new_file(output))?;
        Ok(Some(Generated { text, inputs }))
    }

    fn generate_header(
        &self,
        step: &Step<'_>,
        output: &Output<'_>,
    ) -> anyhow::Result<BTreeSet<PathBuf>> {
        let source = self.project.cdylib(&output.guest.path)?.source;
        let mut command = self.command("header", source, output);
        let settings = output.settings(self.project);
        if settings.is_file() {
            command = command.arg("--config").arg(settings);
        } else if let Some(header) = &output.guest.bindings {
            // Types of the C header are those of the crate too.
            command = command.arg("--include").arg(from_file(&output.file, header));
        }
        process::run(step, command)?;
        Ok(BTreeSet::new())
    }

    /// Generates the declarations of a header, which is relative to the workspace. Returns the
    /// headers that clang has read.
    fn generate_declarations(
        &self,
        step: &Step<'_>,
        output: &Output<'_>,
        header: &Path,
    ) -> anyhow::Result<BTreeSet<PathBuf>> {
        let root = &self.project.root;
        let inputs = output.in_target(self.project, "inputs");
        let sysroot = Emscripten::find(self.project)?.sysroot()?;
        let mut command = self.command("rust", &root.join(header), output);
        command = self.with_libclang(command).arg("--inputs").arg(&inputs);
        if let Some(own_header) = &output.guest.header {
            command = command.arg("--except").arg(root.join(own_header));
        }
        let sysroot = format!("--sysroot={}", sysroot.display());
        process::run(step, command.arg("--").args(CLANG_FLAGS).arg(sysroot))?;
        Ok(files::read_text(&inputs)?.lines().map(PathBuf::from).collect())
    }

    /// Returns the command that generates a file from a source, as far as it is the same for each.
    fn command(&self, verb: &str, source: &Path, output: &Output<'_>) -> Cmd<'_> {
        let command = self.sh.cmd(&self.program).arg(verb).arg("--source").arg(source);
        let command = command.arg("--first-line").arg(output.first_line());
        command.arg("-o").arg(self.new_file(output))
    }

    /// Returns the path at which a file is generated.
    fn new_file(&self, output: &Output<'_>) -> PathBuf {
        output.in_target(self.project, "new")
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

/// The result of the search for libclang.
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
