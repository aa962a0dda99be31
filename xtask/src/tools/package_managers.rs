//! The package managers of operating systems, as data.

use crate::tools::tool::Tool;

/// A package manager: its program, its arguments, and its names for our tools.
#[derive(Debug)]
pub(crate) struct PackageManager {
    pub(crate) program: &'static str,
    /// The names of the systems that include it, for messages.
    pub(crate) systems: &'static str,
    /// It must run as root.
    pub(crate) needs_root: bool,
    /// The arguments that update the list of packages, if it needs that.
    refresh: Option<&'static [&'static str]>,
    /// The arguments that install packages.
    install: &'static [&'static str],
    emscripten: &'static str,
    cmake: &'static str,
    make: &'static str,
    cpp_compiler: Option<&'static str>,
    pip: &'static str,
    npm: &'static str,
    chromium: Option<&'static str>,
}

pub(crate) const ALL: [PackageManager; 4] = [
    PackageManager {
        program: "apt-get",
        systems: "Debian, Ubuntu",
        needs_root: true,
        refresh: Some(&["update"]),
        install: &["install", "--yes", "--no-install-recommends"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("g++"),
        pip: "python3-pip",
        npm: "npm",
        chromium: Some("chromium"),
    },
    PackageManager {
        program: "dnf",
        systems: "Fedora",
        needs_root: true,
        refresh: None,
        install: &["install", "--assumeyes", "--setopt=install_weak_deps=False"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("gcc-c++"),
        pip: "python3-pip",
        npm: "nodejs-npm",
        chromium: Some("chromium"),
    },
    PackageManager {
        program: "pacman",
        systems: "Arch",
        needs_root: true,
        refresh: None,
        install: &["-Sy", "--needed", "--noconfirm"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("gcc"),
        pip: "python-pip",
        npm: "npm",
        chromium: Some("chromium"),
    },
    PackageManager {
        program: "brew",
        systems: "macOS",
        needs_root: false,
        refresh: None,
        install: &["install"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        // Xcode's command line tools include it: `xcode-select --install`.
        cpp_compiler: None,
        // Its Python includes it.
        pip: "python",
        npm: "node",
        // It has only an application, which is not on the path.
        chromium: None,
    },
];

impl PackageManager {
    fn package(&self, tool: Tool) -> Option<&'static str> {
        match tool {
            Tool::Emscripten => Some(self.emscripten),
            Tool::CMake => Some(self.cmake),
            Tool::Make => Some(self.make),
            Tool::CppCompiler => self.cpp_compiler,
            Tool::Pip => Some(self.pip),
            Tool::Npm => Some(self.npm),
            Tool::Chromium => self.chromium,
            Tool::RustTarget(_) => None,
        }
    }

    /// Returns whether it has a package for a tool.
    pub(crate) fn has(&self, tool: Tool) -> bool {
        self.package(tool).is_some()
    }

    /// Returns the commands that install the tools, without `sudo`.
    pub(crate) fn commands(&self, tools: &[Tool]) -> Vec<Vec<String>> {
        let packages: Vec<_> = tools.iter().filter_map(|&tool| self.package(tool)).collect();
        let mut commands = Vec::new();
        if let Some(refresh) = self.refresh {
            commands.push(self.command(refresh));
        }
        commands.push(self.command(&[self.install, &packages].concat()));
        commands
    }
    fn command(&self, args: &[&str]) -> Vec<String> {
        let words = [self.program].into_iter().chain(args.iter().copied());
        words.map(str::to_owned).collect()
    }
}
