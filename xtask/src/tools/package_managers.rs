//! The systems' package managers, as data.

use crate::tools::tool::Tool;

/// How a package manager is called and what it calls our tools.
#[derive(Debug)]
pub(crate) struct PackageManager {
    pub(crate) program: &'static str,
    /// The systems that come with it, for people.
    pub(crate) systems: &'static str,
    /// Whether it must be run as root.
    pub(crate) root: bool,
    /// Brings the list of packages up to date.
    refresh: Option<&'static [&'static str]>,
    install: &'static [&'static str],
    emscripten: &'static str,
    cmake: &'static str,
    make: &'static str,
    cpp_compiler: Option<&'static str>,
}

pub(crate) const ALL: [PackageManager; 4] = [
    PackageManager {
        program: "apt-get",
        systems: "Debian, Ubuntu",
        root: true,
        refresh: Some(&["update"]),
        install: &["install", "--yes", "--no-install-recommends"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("g++"),
    },
    PackageManager {
        program: "dnf",
        systems: "Fedora",
        root: true,
        refresh: None,
        install: &["install", "--assumeyes", "--setopt=install_weak_deps=False"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("gcc-c++"),
    },
    PackageManager {
        program: "pacman",
        systems: "Arch",
        root: true,
        refresh: None,
        install: &["-Sy", "--needed", "--noconfirm"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        cpp_compiler: Some("gcc"),
    },
    PackageManager {
        program: "brew",
        systems: "macOS",
        root: false,
        refresh: None,
        install: &["install"],
        emscripten: "emscripten",
        cmake: "cmake",
        make: "make",
        // Xcode's command line tools bring it: `xcode-select --install`.
        cpp_compiler: None,
    },
];

impl PackageManager {
    fn package(&self, tool: Tool) -> Option<&'static str> {
        match tool {
            Tool::Emscripten => Some(self.emscripten),
            Tool::CMake => Some(self.cmake),
            Tool::Make => Some(self.make),
            Tool::CppCompiler => self.cpp_compiler,
            Tool::RustTarget(_) => None,
        }
    }

    pub(crate) fn has(&self, tool: Tool) -> bool {
        self.package(tool).is_some()
    }

    /// The commands that install the tools, without `sudo`.
    pub(crate) fn commands(&self, tools: &[Tool]) -> Vec<Vec<String>> {
        let program = [self.program].into_iter();
        let packages = tools.iter().filter_map(|&tool| self.package(tool));
        let install = program.clone().chain(self.install.iter().copied()).chain(packages);
        let refresh = self.refresh.map(|args| program.chain(args.iter().copied()));
        let owned = |words: &mut dyn Iterator<Item = &str>| words.map(str::to_owned).collect();
        let refresh = refresh.map(|mut words| owned(&mut words));
        refresh.into_iter().chain([owned(&mut { install })]).collect()
    }
}
