//! Where things are: the workspace, cargo's target folder, and what the build puts there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::support::process;

/// The workspace that `cargo xtask` was called in.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    crates: Vec<Crate>,
}

#[derive(Debug)]
struct Crate {
    name: String,
    /// Its folder.
    path: PathBuf,
    /// The file name's stem of its cdylib, if it makes one.
    cdylib: Option<String>,
}

/// The part of `cargo metadata` that is of use here.
#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Project {
    /// Asks cargo, so that every way to configure it is heeded.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let mut command = Command::new(cargo());
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let output = process::output(command)?;
        if !output.status.success() {
            bail!(
                "`cargo metadata` failed\n{}",
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .context("`cargo metadata` printed something unexpected")?;
        Ok(Project {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            crates: metadata.packages.into_iter().map(Crate::new).collect(),
        })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &str) -> Self {
        let root = PathBuf::from(root);
        Project { target: root.join("target"), root, crates: Vec::new() }
    }

    /// The list of guests.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("guests.toml")
    }

    /// Where guests land: `NAME.wasm`.
    pub(crate) fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    pub(crate) fn guest(&self, name: &str) -> PathBuf {
        self.guests().join(format!("{name}.wasm"))
    }

    /// Where the system libraries land.
    pub(crate) fn sysroot(&self) -> PathBuf {
        self.guests().join("sysroot")
    }

    /// What `host demo` runs.
    pub(crate) fn demo(&self) -> PathBuf {
        self.guests().join("demo.toml")
    }

    /// CMake's build folders, one a project.
    pub(crate) fn cmake(&self) -> PathBuf {
        self.target.join("cmake")
    }

    /// The program `host`.
    pub(crate) fn host(&self) -> PathBuf {
        self.target.join("release").join(format!("host{}", std::env::consts::EXE_SUFFIX))
    }

    /// A program of `host/cpp`: `host-cpp` or `fused-cpp`.
    pub(crate) fn cpp_program(&self, name: &str) -> PathBuf {
        self.cpp_hosts().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// The folder in which CMake builds `host/cpp`.
    pub(crate) fn cpp_hosts(&self) -> PathBuf {
        self.cmake().join("host+cpp")
    }

    /// What `cargo xtask bench` builds and keeps.
    pub(crate) fn bench(&self) -> PathBuf {
        self.target.join("bench")
    }

    /// A program, if it is on PATH or where `setup` installs what is for this workspace only.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let folder = self.tools().join("bin");
        let ours = || which::which_in(name, Some(folder), ".").ok();
        which::which(name).ok().or_else(ours)
    }

    /// Where `setup` installs what is for this workspace only.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// Where an emsdk of our own is installed when nothing else brings Emscripten.
    pub(crate) fn emsdk(&self) -> PathBuf {
        self.tools().join("emsdk")
    }

    /// The names of the workspace's own crates.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().map(|c| c.name.as_str())
    }

    /// The name of the crate in a folder, relative to the root, and the stem of its cdylib.
    pub(crate) fn cdylib(&self, path: &Path) -> anyhow::Result<(&str, &str)> {
        let folder = self.root.join(path);
        let found = self.crates.iter().find(|c| c.path == folder);
        let Some(Crate { name, cdylib, .. }) = found else {
            bail!("`{}` is no member of the workspace: add it to Cargo.toml", path.display());
        };
        match cdylib {
            Some(stem) => Ok((name, stem)),
            None => bail!(
                "`{name}` makes no module: its Cargo.toml needs a `[lib]` with \
                 `crate-type = [\"cdylib\"]`"
            ),
        }
    }
}

impl Crate {
    fn new(package: Package) -> Self {
        let cdylib = package.targets.into_iter().find(|t| t.kind.iter().any(|k| k == "cdylib"));
        Crate {
            name: package.name,
            path: package.manifest_path.parent().map(Path::to_owned).unwrap_or_default(),
            cdylib: cdylib.map(|target| target.name.replace('-', "_")),
        }
    }
}

/// The cargo that started this program, else the one on PATH.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
