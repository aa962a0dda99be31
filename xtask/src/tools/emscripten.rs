//! An installed Emscripten: its programs, its version, its archives.

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::Context;
use xshell::Shell;

use crate::support::process;
use crate::support::project::Project;
use crate::tools::tool::Tool;

/// An installed Emscripten.
#[derive(Debug)]
pub(crate) struct Emscripten {
    pub(crate) emcmake: PathBuf,
    pub(crate) version: String,
}

impl Emscripten {
    /// Finds Emscripten.
    ///
    /// # Errors
    ///
    /// If it is not installed, with the way to install it.
    pub(crate) fn find(project: &Project) -> anyhow::Result<Self> {
        let emcmake = find_emcmake(project).ok_or_else(|| Tool::Emscripten.missing())?;
        let version = version(&emcmake);
        Ok(Emscripten { emcmake, version })
    }

    /// Returns the path of another program of Emscripten, such as `emcc`. On Windows it has the
    /// extension of `emcmake`, since these programs are batch files.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        let extension = self.emcmake.extension().unwrap_or_default();
        self.emcmake.with_file_name(name).with_extension(extension)
    }

    /// Returns the folder of the sources of Emscripten's libraries.
    pub(crate) fn library_sources(&self) -> PathBuf {
        resolve_links(&self.emcmake).with_file_name("system").join("lib")
    }

    /// Asks for the folder of Emscripten's archives. Those of position-independent code are in its
    /// subfolder `pic`.
    pub(crate) fn archives(&self) -> anyhow::Result<PathBuf> {
        Ok(self.sysroot()?.join("lib/wasm32-emscripten"))
    }

    /// Asks for the folder of Emscripten's headers and archives.
    pub(crate) fn sysroot(&self) -> anyhow::Result<PathBuf> {
        let mut command = Command::new(self.program("em-config"));
        command.arg("CACHE");
        Ok(Path::new(&process::read(command)?).join("sysroot"))
    }

    /// Asks for the path of Binaryen's optimizer.
    pub(crate) fn wasm_opt(&self) -> anyhow::Result<PathBuf> {
        let mut command = Command::new(self.program("em-config"));
        command.arg("BINARYEN_ROOT");
        let folder = Path::new(&process::read(command)?).join("bin");
        which::which_in("wasm-opt", Some(&folder), ".")
            .with_context(|| format!("`wasm-opt` of Emscripten is not in `{}`", folder.display()))
    }

    /// Asks for the archives that this version can build.
    pub(crate) fn known_archives(&self) -> anyhow::Result<KnownArchives> {
        let mut command = Command::new(self.program("embuilder"));
        command.arg("--help");
        process::read(command).map(KnownArchives)
    }
}

/// The archives that a version of Emscripten can build: the help text of `embuilder`.
pub(crate) struct KnownArchives(String);

impl KnownArchives {
    /// Returns the first of several names of one archive that this version knows.
    pub(crate) fn one_of(&self, names: &[&'static str]) -> anyhow::Result<&'static str> {
        let is_known = |name: &&str| self.0.lines().any(|line| line.trim() == *name);
        let name = names.iter().copied().find(is_known);
        name.with_context(|| format!("Emscripten lacks the library `{}`", names.join("` or `")))
    }
}

/// The variable that names the Python with which Emscripten's programs run.
const PYTHON: &str = "EMSDK_PYTHON";

/// Returns a shell whose commands run in the workspace, in which Emscripten's programs start fast.
///
/// They are Python programs. The `python3` of a version manager, such as pyenv, is a script that
/// takes longer to find the real one than that takes to compile a small file. So it is asked once.
pub(crate) fn shell(project: &Project) -> anyhow::Result<Shell> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let sh = process::shell(&project.root)?;
    if let Some(python) = FOUND.get_or_init(real_python) {
        sh.set_var(PYTHON, python);
    }
    Ok(sh)
}

/// Returns the Python that a script on `PATH` starts, unless the user has chosen one.
fn real_python() -> Option<PathBuf> {
    let script = which::which("python3").ok().filter(|path| is_script(path))?;
    if env::var_os(PYTHON).is_some() {
        return None;
    }
    let mut command = Command::new(script);
    command.args(["-c", "import sys; print(sys.executable)"]);
    Some(PathBuf::from(process::read(command).ok()?)).filter(|python| python.is_file())
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// Returns the path of `emcmake`, if Emscripten is installed.
pub(crate) fn find_emcmake(project: &Project) -> Option<PathBuf> {
    driver::emscripten::find_with("emcmake", &project.emsdk())
}

/// Reads the version from the file next to the programs: asking `emcc` would take half a second.
pub(crate) fn version(emcmake: &Path) -> String {
    let file = resolve_links(emcmake).with_file_name("emscripten-version.txt");
    match fs::read_to_string(file) {
        Ok(text) => parse_version(&text),
        Err(_) => "unknown version".to_owned(),
    }
}

/// Returns the version in the text of an `emscripten-version.txt`, which may be in quotation marks.
pub(crate) fn parse_version(text: &str) -> String {
    text.trim().trim_matches('"').to_owned()
}

fn resolve_links(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
