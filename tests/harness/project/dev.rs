//! `cargo xtask dev`: sources that change, break and disappear while they are watched.

use std::env;
use std::fs;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use rustix::process::Signal;

use crate::support::commands::{expect, expect_not};
use crate::support::follow::Followed;
use crate::support::trial::trial;
use crate::support::unix::script;
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("dev::a_change_in_cpp_is_run", change),
        trial("dev::failing_builds_are_mended", failing),
        trial("dev::an_endless_guest_is_replaced", endless),
        trial("dev::unknown_guests_are_named", unknown),
    ]
}

/// The guests of the demo, in C++ and Rust.
const GUESTS: &str = r#"
[guest.calc]
kind = "cargo"
path = "calc"
target = "wasm32-unknown-unknown"
module = "env"
exports = ["add: (i32, i32) -> i32"]

[guest.toolbox]
kind = "cmake"
path = "toolbox-cpp"
target = "toolbox"
imports = ["env.add: (i32, i32) -> i32"]
exports = ["foo: (i32) -> i32"]

[demo]
guest = "toolbox"
export = "foo"
args = [7]
result = 8
"#;

/// A cargo that builds neither `host` nor `driver`, which takes minutes: they are built already.
const CARGO: &str =
    "case \" $* \" in *' -p host '*|*' -p driver '*) exit 0;; esac\nexec \"$REAL_CARGO\" \"$@\"";

/// A copy of the workspace with the guests of the demo alone.
struct Workspace(Sandbox);

impl Workspace {
    fn new() -> Result<Self, Failed> {
        let workspace = Workspace(Sandbox::of_sources()?);
        fs::write(workspace.path("guests.toml"), GUESTS)?;
        let built = workspace::target();
        for folder in ["release", "sysroot", "guests/sysroot"] {
            fs::create_dir_all(workspace.path("target").join(folder))?;
        }
        for program in ["host", "wasm-cc", "wasm-cxx", "wasm-ld", "wasm-ar", "wasm-ranlib"] {
            let program = format!("release/{program}");
            fs::copy(built.join(&program), workspace.path("target").join(&program))?;
        }
        let libraries = PathBuf::from("guests/sysroot");
        workspace::copy(&built.join(&libraries), &workspace.path("target/guests/sysroot"), &[])?;
        let stamp = "sysroot/built-from.txt";
        fs::copy(built.join(stamp), workspace.path("target").join(stamp))?;
        script(&workspace.path("cargo"), CARGO)?;
        Ok(workspace)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn source(&self) -> PathBuf {
        self.path("toolbox-cpp/src/toolbox.cpp")
    }

    /// Starts `cargo xtask dev`.
    fn dev(&self, args: &[&str]) -> Result<Followed, Failed> {
        let real = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.0.xtask(&["dev"]);
        command.args(args).env("CARGO", self.path("cargo")).env("REAL_CARGO", real);
        Followed::start(&mut command)
    }
}

fn change() -> Result<(), Failed> {
    let workspace = Workspace::new()?;
    let mut dev = workspace.dev(&[])?;
    dev.output.wait_for("FooResult: 8\n")?;
    let first = dev.messages.wait_for("built and ran in ")?;
    expect(&first, "calc (cargo")?;
    let code = fs::read_to_string(workspace.source())?;
    // What editors make for themselves is not a source.
    fs::write(workspace.path("toolbox-cpp/src/.toolbox.cpp.swp"), "")?;
    fs::write(workspace.path("toolbox-cpp/src/toolbox.cpp~"), &code)?;
    fs::write(workspace.source(), code.replace("add(1, x)", "add(2, x) - 1"))?;
    let changed = dev.messages.wait_for("toolbox.cpp changed: built and ran in ")?;
    expect(&changed, "toolbox (cmake")?;
    expect_not(&changed, "calc (cargo")?;
    // The list is wrong, then right, with another result.
    fs::write(workspace.path("guests.toml"), "[guest")?;
    dev.messages.wait_for("guests.toml changed: failed after ")?;
    fs::write(workspace.source(), code.replace("add(1, x)", "add(3, x)"))?;
    dev.messages.wait_for("toolbox.cpp changed: failed after ")?;
    fs::write(workspace.path("guests.toml"), GUESTS.replace("result = 8", "result = 10"))?;
    dev.output.wait_for("FooResult: 10\n")?;
    dev.messages.wait_for("guests.toml changed: built and ran in ")?;
    match dev.end(Signal::INT)? {
        Some(130) => Ok(()),
        status => Err(format!("the status is {status:?}").into()),
    }
}

fn failing() -> Result<(), Failed> {
    let workspace = Workspace::new()?;
    let mut dev = workspace.dev(&["toolbox"])?;
    dev.messages.wait_for("built and ran in ")?;
    let code = fs::read_to_string(workspace.source())?;
    for number in 0..10 {
        fs::write(workspace.source(), format!("int mistake{number} = nothing{number};\n"))?;
        let output = dev.messages.wait_for("toolbox.cpp changed: failed after ")?;
        expect(&output, &format!("use of undeclared identifier 'nothing{number}'"))?;
    }
    let folder = workspace.path("toolbox-cpp");
    fs::rename(&folder, workspace.path("away"))?;
    dev.messages.wait_for(" changed: failed after ")?;
    fs::rename(workspace.path("away"), &folder)?;
    dev.messages.wait_for(" changed: failed after ")?;
    fs::write(workspace.source(), code)?;
    dev.output.wait_for("FooResult: 8\n")?;
    dev.messages.wait_for("toolbox.cpp changed: built and ran in ").map(drop)
}

fn endless() -> Result<(), Failed> {
    let workspace = Workspace::new()?;
    let code = fs::read_to_string(workspace.source())?;
    let endless = "    volatile int32_t i = 0;\n    while (i < 1) {\n    }\n    return";
    fs::write(workspace.source(), code.replace("    return", endless))?;
    let mut dev = workspace.dev(&["--run", "toolbox", "--invoke", "foo", "--", "-7"])?;
    dev.messages.wait_for("guests fit")?;
    fs::write(workspace.source(), code)?;
    dev.output.wait_for("-6\n")?;
    dev.messages.wait_for("built and ran in ").map(drop)
}

fn unknown() -> Result<(), Failed> {
    let sandbox = Sandbox::of_sources()?;
    let mut dev = Followed::start(&mut sandbox.xtask(&["dev", "tollbox"]))?;
    dev.messages.wait_for("error: there is no guest `tollbox` in guests.toml; there are calc, ")?;
    let mut dev = Followed::start(&mut sandbox.xtask(&["dev", "--invoke", "foo"]))?;
    dev.messages.wait_for("--run <GUEST>").map(drop)
}
