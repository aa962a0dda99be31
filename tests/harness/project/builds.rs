//! Builds that are interrupted, run out of disk, or have nothing to do.

use std::fs;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::commands::{GUESTS, expect, expect_not, succeed, text};

use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::Sandbox;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![trial("builds::only_what_is_stale_is_rebuilt", only_what_is_stale)];
    #[cfg(unix)]
    trials.extend(unix::trials());
    trials
}

const COMPILES_CPP: &str = "Building CXX object";
const COMPILES_RUST: &str = "Compiling calc";

fn only_what_is_stale() -> Result<(), Failed> {
    let sandbox = Sandbox::of_workspace()?;
    let build = || {
        let mut command = sandbox.xtask(&GUESTS);
        succeed(command.arg("-v").env("CARGO_TERM_QUIET", "false"))
    };
    let guest = |name: &str| sandbox.path().join("target").join("guests").join(name);
    let modified = |name: &str| fs::metadata(guest(name)).and_then(|data| data.modified());

    let first = build()?;
    expect(&first, COMPILES_CPP)?;
    expect(&first, COMPILES_RUST)?;
    let before = (modified("toolbox.wasm")?, modified("calc.wasm")?);

    let second = build()?;
    expect_not(&second, COMPILES_CPP)?;
    expect_not(&second, COMPILES_RUST)?;

    let source = sandbox.path().join("toolbox-cpp").join("src").join("toolbox.cpp");
    let code = fs::read_to_string(&source)?.replace("add(1, x)", "add(2, x)");
    fs::write(&source, code)?;
    let third = build()?;
    expect(&third, COMPILES_CPP)?;
    expect_not(&third, COMPILES_RUST)?;
    let after = (modified("toolbox.wasm")?, modified("calc.wasm")?);
    match after.0 > before.0 && after.1 == before.1 {
        true => Ok(()),
        false => Err("only toolbox.wasm should have been replaced".into()),
    }
}

#[cfg(unix)]
pub(crate) mod unix {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::*;
    use crate::support::unix::{
        commit, gone, hide_emsdk, is_emscripten, is_emscripten_or_package_manager, path_without,
        script, unshare,
    };

    pub(super) fn trials() -> Vec<Trial> {
        vec![
            trial("builds::ctrl_c_keeps_the_last_good_guests", ctrl_c),
            trial("builds::a_missing_emcmake_is_named_with_the_way_out", missing_emcmake),
            trial("builds::a_missing_cpp_compiler_is_named_with_the_way_out", missing_compiler),
            trial("builds::a_missing_debootstrap_is_named_with_the_way_out", missing_debootstrap),
            ignorable("builds::nothing_stays_mounted_in_a_root_folder", root_folder),
            trial("builds::a_failing_emcmake_is_shown_with_its_output", failing_emcmake),
            trial("builds::emsdk_is_installed_where_there_are_no_packages", emsdk),
            ignorable("builds::a_full_disk_keeps_the_last_good_guests", || {
                on_tmpfs("size=8k", "No space left on device")
            }),
            ignorable("builds::a_read_only_folder_is_named", || {
                on_tmpfs("ro", "Read-only file system")
            }),
        ]
    }

    fn missing_emcmake() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        let bin = sandbox.path().join("bin");
        path_without(&bin, is_emscripten)?;
        let mut command = sandbox.xtask(&GUESTS);
        hide_emsdk(&mut command, sandbox.path());
        let output = command.env("PATH", &bin).output()?;
        expect(
            &text(&output),
            "`emcmake` not found, needed for C++ to WebAssembly: run `cargo xtask setup`",
        )
    }

    fn missing_compiler() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        let bin = sandbox.path().join("bin");
        path_without(&bin, |name| ["c++", "g++", "clang++"].contains(&name))?;
        let output = sandbox.xtask(&["run", "--host", "cpp"]).env("PATH", &bin).output()?;
        expect(&text(&output), "`c++` or `g++` or `clang++` not found")?;
        expect(&text(&output), "run `cargo xtask setup`")?;
        match output.status.code() {
            Some(1) => Ok(()),
            _ => Err(format!("{}", output.status).into()),
        }
    }

    fn missing_debootstrap() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        let bin = sandbox.path().join("bin");
        path_without(&bin, |name| name == "debootstrap")?;
        let output = sandbox.xtask(&["matrix"]).env("PATH", &bin).output()?;
        match cfg!(target_os = "linux") {
            true => {
                expect(&text(&output), "`debootstrap` not found: run `apt-get install debootstrap`")
            }
            false => expect(&text(&output), "which only Linux can enter"),
        }
    }

    /// Its command is killed, so nothing can be unmounted in order. The machine's own root folder
    /// will do.
    fn root_folder() -> Result<Completion, Failed> {
        let mounts = || fs::read_to_string("/proc/self/mountinfo");
        let Ok(before) = mounts() else {
            return ignored("only Linux has root folders to enter");
        };
        let mut enter = Command::new(crate::support::workspace::root().join("tests/matrix/enter"));
        enter.args(["/", "sh", "-c", "cat /proc/self/mountinfo; kill -9 $$"]);
        let inside = String::from_utf8(enter.output()?.stdout)?;
        if inside.is_empty() {
            return ignored("only root can enter root folders");
        }
        assert!(inside.lines().count() > before.lines().count(), "nothing was mounted: {inside}");
        match mounts()? == before {
            true => Ok(Completion::Completed),
            false => Err(format!("before:\n{before}after:\n{}", mounts()?).into()),
        }
    }

    fn failing_emcmake() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        let bin = sandbox.path().join("bin");
        fs::create_dir(&bin)?;
        script(&bin.join("emcmake"), "echo 'the cache is locked' >&2; exit 3")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path)))?;
        let output = sandbox.xtask(&GUESTS).env("PATH", path).output()?;
        let text = text(&output);
        expect(&text, "failed (exit status: 3)")?;
        expect(&text, "the cache is locked")?;
        expect(&text, "to repeat it: cd ")
    }

    /// An emsdk in a local repository, whose Emscripten is the one that is installed here.
    fn emsdk() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        let repository = sandbox.path().join("emsdk-stand-in");
        fs::create_dir(&repository)?;
        script(
            &repository.join("emsdk"),
            "cd \"$(dirname \"$0\")\" || exit 1\n\
             test \"$1\" = install || { test -d upstream/emscripten; exit; }\n\
             mkdir -p upstream/emscripten\n\
             real=$(PATH=$REAL_PATH command -v emcmake)\n\
             ln -s \"$(dirname \"$(readlink -f \"$real\")\")/system\" upstream/emscripten/system\n\
             for tool in emar emcmake emcc em++ em-config embuilder; do\n\
             printf '#!/bin/sh\\nPATH=%s exec %s \"$@\"\\n' \"$REAL_PATH\" $tool > upstream/emscripten/$tool\n\
             chmod +x upstream/emscripten/$tool; done",
        )?;
        commit(&repository, "3.1.69")?;

        let bin = sandbox.path().join("bin");
        path_without(&bin, is_emscripten_or_package_manager)?;
        let mut command = sandbox.xtask(&["build-all", "--guests-only"]);
        hide_emsdk(&mut command, sandbox.path());
        command.env("REAL_PATH", std::env::var_os("PATH").unwrap_or_default()).env("PATH", &bin);
        command.env("XTASK_EMSDK_URL", format!("file://{}", repository.display()));
        let output = succeed(&mut command)?;
        expect(&output, "git clone --depth 1 --branch 3.1.69")?;
        expect(&output, " guests fit")?;
        // An installed emsdk is found again, and not installed twice.
        expect_not(&succeed(&mut command)?, "git clone")
    }

    fn ctrl_c() -> Result<(), Failed> {
        let sandbox = Sandbox::of_workspace()?;
        succeed(&mut sandbox.xtask(&GUESTS))?;
        let good = fs::read(sandbox.path().join("target/guests/toolbox.wasm"))?;
        // The C++ compiler reports its process id and hangs.
        let bin = sandbox.path().join("bin");
        fs::create_dir(&bin)?;
        script(&bin.join("emcmake"), "echo pid=$$; exec sleep 600")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([bin].into_iter().chain(std::env::split_paths(&path)))?;
        let mut command = sandbox.xtask(&GUESTS);
        command.arg("-v").env("PATH", path).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let mut lines = BufReader::new(stderr).lines();
        let tool = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("pid=").and_then(|(_, id)| id.trim().parse().ok()));
        let tool = tool.and_then(Pid::from_raw).ok_or("the compiler was not started")?;
        kill_process(Pid::from_child(&child), Signal::INT)?;
        let rest: String = lines.map_while(Result::ok).map(|line| line + "\n").collect();
        let status = child.wait()?;
        expect(&rest, "interrupted: the guests in target/guests are the last good ones")?;
        if status.code() != Some(130) {
            return Err(format!("ended with {status}").into());
        }
        gone(tool)?;
        match fs::read(sandbox.path().join("target/guests/toolbox.wasm"))? == good {
            true => Ok(()),
            false => Err("toolbox.wasm has changed".into()),
        }
    }

    /// Builds with `target/guests` on a small file system of its own, in a mount namespace that
    /// ends with the command.
    fn on_tmpfs(options: &str, message: &str) -> Result<Completion, Failed> {
        let Some(unshare) = unshare() else {
            return ignored("`unshare` cannot make a mount namespace here");
        };
        let sandbox = Sandbox::of_workspace()?;
        succeed(&mut sandbox.xtask(&GUESTS))?;
        let guests = sandbox.path().join("target").join("guests");
        let good = fs::read(guests.join("toolbox.wasm"))?;
        let mut command = Command::new("unshare");
        command.args(unshare).args(["sh", "-c"]);
        command.arg("mount -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"");
        command
            .args(["sh", options])
            .arg(&guests)
            .arg(crate::support::workspace::xtask())
            .args(GUESTS);
        crate::support::workspace::clean_environment(&mut command);
        // Larger than the file system, so that it cannot be written whole.
        fs::write(sandbox.path().join("toolbox-cpp/src/hello.cpp"), LARGE)?;
        let output = command.current_dir(sandbox.path()).output()?;
        if output.status.success() {
            return Err(format!("the build succeeded\n{}", text(&output)).into());
        }
        expect(&text(&output), message)?;
        expect(&text(&output), "target/guests/")?;
        match fs::read(guests.join("toolbox.wasm"))? == good {
            true => Ok(Completion::Completed),
            false => Err("toolbox.wasm has changed".into()),
        }
    }

    const LARGE: &str = "const volatile char data[65536] = {1};\nint main() { return data[0]; }\n";
}
