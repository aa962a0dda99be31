//! The paths of the workspace: its sources, cargo's target folder, and what the build puts there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::support::process;

/// The workspace in which `cargo xtask` was called.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    crates: Vec<Crate>,
}

#[derive(Debug, Clone)]
struct Crate {
    name: String,
    folder: PathBuf,
    /// The folders of the crates on this machine that it depends on.
    dependencies: Vec<PathBuf>,
    cdylib: Option<CrateCdylib>,
}

#[derive(Debug, Clone)]
struct CrateCdylib {
    /// The file name without the extension.
    file_stem: String,
    /// The crate's `lib.rs`.
    source: PathBuf,
}

/// The part of the output of `cargo metadata` that is used here.
#[derive(Deserialize)]
struct WorkspaceMetadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<WorkspacePackage>,
}

#[derive(Deserialize)]
struct WorkspacePackage {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<PackageDependency>,
    targets: Vec<PackageTarget>,
}

#[derive(Deserialize)]
struct PackageDependency {
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
struct PackageTarget {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

/// A crate that is built as a C dynamic library, which for WebAssembly is a module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cdylib<'a> {
    pub(crate) package: &'a str,
    /// The file name without the extension.
    pub(crate) file_stem: &'a str,
    /// The crate's `lib.rs`.
    pub(crate) source: &'a Path,
}

impl Project {
    /// Asks cargo for the paths, so that every way to configure them takes effect.
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
        let metadata: WorkspaceMetadata = serde_json::from_slice(&output.stdout)
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

    /// Returns the path of the list of guests.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("guests.toml")
    }

    /// Returns the path of the file that lists the crates of the workspace.
    pub(crate) fn cargo_toml(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }

    /// Returns the path of the file with the versions of all dependencies.
    pub(crate) fn cargo_lock(&self) -> PathBuf {
        self.root.join("Cargo.lock")
    }

    /// Returns the folder to which guests are published, as `NAME.wasm`.
    pub(crate) fn guests(&self) -> PathBuf {
        self.target.join("guests")
    }

    pub(crate) fn guest(&self, name: &str) -> PathBuf {
        self.guests().join(format!("{name}.wasm"))
    }

    /// Returns the folder to which the system libraries are published.
    pub(crate) fn sysroot(&self) -> PathBuf {
        self.guests().join("sysroot")
    }

    /// Returns the path of the file that `host demo` reads.
    pub(crate) fn demo(&self) -> PathBuf {
        self.guests().join("demo.toml")
    }

    /// Returns the folder with a build folder for each guest that is compiled without CMake.
    pub(crate) fn sources(&self) -> PathBuf {
        self.target.join("sources")
    }

    /// Returns the folder with a build folder for each CMake project.
    pub(crate) fn cmake(&self) -> PathBuf {
        self.target.join("cmake")
    }

    /// Returns the folder of the programs that are built from the workspace's crates.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target.join("release")
    }

    /// Returns the path of the program `host`.
    pub(crate) fn host(&self) -> PathBuf {
        self.programs().join(format!("host{}", std::env::consts::EXE_SUFFIX))
    }

    /// Returns the path of a program of `host/cpp`: `host-cpp` or `fused-cpp`.
    pub(crate) fn cpp_program(&self, name: &str) -> PathBuf {
        self.cpp_hosts().join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Returns the folder in which CMake builds `host/cpp`.
    pub(crate) fn cpp_hosts(&self) -> PathBuf {
        self.cmake().join("host+cpp")
    }

    /// Returns the folder with what is known about the files that `guests.toml` asks for.
    pub(crate) fn bindings(&self) -> PathBuf {
        self.target.join("bindings")
    }

    /// Returns the folder for the builds and reports of `cargo xtask bench`.
    pub(crate) fn bench(&self) -> PathBuf {
        self.target.join("bench")
    }

    /// Finds a program on `PATH` or in [`Project::tools`].
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let folder = self.tools().join("bin");
        let ours = || which::which_in(name, Some(folder), ".").ok();
        which::which(name).ok().or_else(ours)
    }

    /// Returns the folder to which `setup` installs tools for this workspace only.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// Returns the folder to which `setup` installs emsdk if nothing else provides Emscripten.
    pub(crate) fn emsdk(&self) -> PathBuf {
        self.tools().join("emsdk")
    }

    /// Returns the folder to which `setup` installs libclang.
    pub(crate) fn libclang(&self) -> PathBuf {
        self.tools().join("libclang")
    }

    /// Returns the folder to which `setup` installs Zig.
    pub(crate) fn zig(&self) -> PathBuf {
        self.tools().join("zig")
    }

    /// Returns the names of the workspace's own crates.
    pub(crate) fn crates(&self) -> impl Iterator<Item = &str> {
        self.crates.iter().map(|c| c.name.as_str())
    }

    /// Returns the names of the workspace's crates that depend on the crate in a folder.
    pub(crate) fn dependents(&self, folder: &Path) -> impl Iterator<Item = &str> {
        let depends = move |c: &&Crate| c.dependencies.iter().any(|path| path == folder);
        self.crates.iter().filter(depends).map(|c| c.name.as_str())
    }

    /// Returns the folders of the crates on this machine that the crate in a folder depends on,
    /// directly or indirectly.
    pub(crate) fn dependencies(&self, folder: &Path) -> Vec<PathBuf> {
        let direct = |folder: &Path| -> Vec<PathBuf> {
            let crates = self.crates.iter().filter(|c| c.folder == folder);
            crates.flat_map(|c| c.dependencies.clone()).collect()
        };
        let mut found: Vec<PathBuf> = Vec::new();
        let mut waiting = direct(folder);
        while let Some(next) = waiting.pop() {
            if !found.contains(&next) {
                waiting.extend(direct(&next));
                found.push(next);
            }
        }
        found
    }

    /// Returns the names of the workspace's crates in folders below another folder.
    pub(crate) fn crates_below(&self, folder: &Path) -> impl Iterator<Item = &str> {
        let is_below = move |c: &&Crate| c.folder != folder && c.folder.starts_with(folder);
        self.crates.iter().filter(is_below).map(|c| c.name.as_str())
    }

    /// Returns the cdylib of the crate in a folder. The path is relative to the root.
    pub(crate) fn cdylib(&self, path: &Path) -> anyhow::Result<Cdylib<'_>> {
        let folder = self.root.join(path);
        let found = self.crates.iter().find(|c| c.folder == folder);
        let Some(Crate { name, cdylib, .. }) = found else {
            bail!("`{}` is not a member of the workspace: add it to Cargo.toml", path.display());
        };
        match cdylib {
            Some(CrateCdylib { file_stem, source }) => {
                Ok(Cdylib { package: name, file_stem, source })
            }
            None => bail!(
                "`{name}` does not build a module: its Cargo.toml needs a `[lib]` with \
                 `crate-type = [\"cdylib\"]`"
            ),
        }
    }
}

impl Crate {
    fn new(package: WorkspacePackage) -> Self {
        let is_cdylib = |target: &PackageTarget| target.kind.iter().any(|kind| kind == "cdylib");
        let cdylib = package.targets.into_iter().find(is_cdylib);
        Crate {
            name: package.name,
            folder: package.manifest_path.parent().map(Path::to_owned).unwrap_or_default(),
            dependencies: package.dependencies.into_iter().filter_map(|it| it.path).collect(),
            cdylib: cdylib.map(|target| CrateCdylib {
                file_stem: target.name.replace('-', "_"),
                source: target.src_path,
            }),
        }
    }
}

/// Returns the cargo that started this program, or else the one on `PATH`.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
