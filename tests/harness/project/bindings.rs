//! The files that the build writes to the sources of the tour: `header` and `bindings` in
//! `guests.toml`.

use std::fs;
use std::path::PathBuf;

use libtest_mimic::{Completion, Failed, Trial};

use crate::support::commands::{GUESTS, expect, expect_not, text};
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("bindings::the_files_of_the_tour_are_up_to_date", up_to_date),
        trial("bindings::a_changed_crate_is_an_error_in_cpp", changed_crate),
        ignorable("bindings::a_changed_header_is_an_error_in_rust", changed_header),
        ignorable("bindings::a_name_that_rust_reserves_is_imported_as_it_is", reserved_name),
        ignorable("bindings::a_header_with_a_mistake_is_shown", header_with_a_mistake),
        trial("bindings::a_crate_with_a_mistake_is_shown_by_rustc", crate_with_a_mistake),
        trial("bindings::without_libclang_files_are_used_as_they_are", without_libclang),
        trial("bindings::nothing_is_written_twice", written_once),
    ]
}

const LIB: &str = "tour/src/lib.rs";
const TOUR_H: &str = "tour/cpp/tour.h";
/// The files that the build writes.
const RUST_H: &str = "tour/cpp/rust.h";
const BINDINGS: &str = "tour/src/bindings.rs";

/// Ends each build here early, in the crate: a whole one builds the system libraries too.
const STOP: &str = "compile_error!(\"stop\");\n";

/// The tour without the guests of the demo.
const TOUR: &str = r#"
[guest.tour]
kind = "cargo"
path = "tour"
target = "wasm32-unknown-unknown"
header = "cpp/rust.h"
bindings = "cpp/tour.h"
module = "env"

[demo]
guest = "tour"
export = "tour"
result = 1023
"#;

/// Its C++ half.
const TOUR_CPP: &str = r#"
[guest.tour-cpp]
kind = "cmake"
path = "tour/cpp"
target = "tour"
"#;

/// A copy of the workspace, with the tour as its only guest.
struct Tour(Sandbox);

impl Tour {
    fn new(guests: &str) -> Result<Self, Failed> {
        let sandbox = Sandbox::of_workspace()?;
        fs::write(sandbox.path().join("guests.toml"), guests)?;
        Ok(Tour(sandbox))
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn read(&self, file: &str) -> Result<String, Failed> {
        Ok(fs::read_to_string(self.path(file))?)
    }

    /// Replaces a text, which must be there.
    fn replace(&self, file: &str, old: &str, new: &str) -> Result<(), Failed> {
        let code = self.read(file)?;
        expect(&code, old)?;
        Ok(fs::write(self.path(file), code.replace(old, new))?)
    }

    fn append(&self, file: &str, code: &str) -> Result<(), Failed> {
        Ok(fs::write(self.path(file), self.read(file)? + code)?)
    }

    /// Builds the guests, which must fail. Returns what the build prints.
    fn build(&self, variables: &[(&str, &str)]) -> Result<String, Failed> {
        let mut command = self.0.xtask(&GUESTS);
        let output = command.envs(variables.iter().copied()).output()?;
        match output.status.code() {
            Some(1) => Ok(text(&output)),
            _ => Err(format!("{}\n{}", output.status, text(&output)).into()),
        }
    }
}

const NO_LIBCLANG: &str = "there is no libclang";

/// Returns the result of a test that needs libclang, by what the build has printed.
fn with_libclang(
    printed: &str,
    check: impl FnOnce() -> Result<(), Failed>,
) -> Result<Completion, Failed> {
    if printed.contains(NO_LIBCLANG) {
        return ignored("there is no libclang: `cargo xtask setup --libclang`");
    }
    check().map(|()| Completion::Completed)
}

fn up_to_date() -> Result<Completion, Failed> {
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, STOP)?;
    for file in [RUST_H, BINDINGS] {
        let first_line = tour.read(file)?.lines().next().unwrap_or_default().to_owned();
        fs::write(tour.path(file), first_line)?;
    }
    let printed = tour.build(&[])?;
    with_libclang(&printed, || {
        for file in [RUST_H, BINDINGS] {
            if tour.read(file)? != fs::read_to_string(workspace::root().join(file))? {
                return Err(format!("{file} is out of date: run `cargo xtask build-all`").into());
            }
        }
        Ok(())
    })
}

fn changed_crate() -> Result<(), Failed> {
    let tour = Tour::new(&format!("{TOUR}{TOUR_CPP}"))?;
    tour.replace(LIB, "fn rust_hanoi(disks: c_int)", "fn rust_hanoi(disks: c_int, _pegs: c_int)")?;
    let printed = tour.build(&[])?;
    expect(&printed, "bindings: wrote tour/cpp/rust.h")?;
    expect(&tour.read(RUST_H)?, "int rust_hanoi(int disks, int _pegs);")?;
    expect(&printed, "error: no matching function for call to 'rust_hanoi'")?;
    expect(&printed, "note: candidate function not viable: requires 2 arguments")
}

fn changed_header() -> Result<Completion, Failed> {
    let tour = Tour::new(TOUR)?;
    tour.replace(TOUR_H, "int cpp_hanoi(int disks)", "int cpp_hanoi(int disks, int pegs)")?;
    let printed = tour.build(&[])?;
    with_libclang(&printed, || {
        expect(&printed, "bindings: wrote tour/src/bindings.rs")?;
        expect(&printed, "error[E0061]: this function takes 2 arguments but 1 argument was")
    })
}

fn reserved_name() -> Result<Completion, Failed> {
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, STOP)?;
    tour.append(TOUR_H, "int type(int match);\n")?;
    let printed = tour.build(&[])?;
    with_libclang(&printed, || {
        let wanted = "#[link_name = \"type\"]\n        pub fn type_(match_: ::core::ffi::c_int)";
        expect(&tour.read(BINDINGS)?, wanted)
    })
}

fn header_with_a_mistake() -> Result<Completion, Failed> {
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, STOP)?;
    tour.append(TOUR_H, "extern \"C\" void cpp_more();\n")?;
    let before = tour.read(BINDINGS)?;
    let printed = tour.build(&[])?;
    with_libclang(&printed, || {
        let line = tour.read(TOUR_H)?.lines().count();
        expect(&printed, &format!("tour.h:{line}:8: error: expected identifier or '('"))?;
        expect(&printed, "it reads a `.h` as C: put `extern \"C\" {` between")?;
        expect(&printed, "to repeat it: cd ")?;
        expect(&printed, "error: stop")?;
        match tour.read(BINDINGS)? == before {
            true => Ok(()),
            false => Err(format!("{BINDINGS} has changed").into()),
        }
    })
}

fn crate_with_a_mistake() -> Result<(), Failed> {
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, "fn unfinished( {\n")?;
    let before = tour.read(RUST_H)?;
    let printed = tour.build(&[])?;
    expect(&printed, "error: bindings failed (exit status: 1)\nerror: cannot parse")?;
    expect(&printed, "error: this file contains an unclosed delimiter")?;
    match tour.read(RUST_H)? == before {
        true => Ok(()),
        false => Err(format!("{RUST_H} has changed").into()),
    }
}

fn without_libclang() -> Result<(), Failed> {
    let nowhere = [("LIBCLANG_PATH", "/nowhere")];
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, STOP)?;
    tour.append(TOUR_H, "void cpp_more(void);\n")?;
    let printed = tour.build(&nowhere)?;
    expect(
        &printed,
        "warning: `tour/src/bindings.rs` stays as it is, because there is no libclang to read \
         `tour/cpp/tour.h`",
    )?;
    expect_not(&tour.read(BINDINGS)?, "cpp_more")?;

    fs::remove_file(tour.path(BINDINGS))?;
    let printed = tour.build(&nowhere)?;
    expect(
        &printed,
        "error: cannot write `tour/src/bindings.rs` from `tour/cpp/tour.h`: there is no libclang; \
         install clang, or run `cargo xtask setup --libclang`",
    )
}

fn written_once() -> Result<(), Failed> {
    let tour = Tour::new(TOUR)?;
    tour.append(LIB, STOP)?;
    let modified = || fs::metadata(tour.path(RUST_H)).and_then(|data| data.modified());
    let before = modified()?;
    // The copy is as new as the program that wrote the original.
    expect(&tour.build(&[])?, "bindings: up to date")?;
    // Without libclang, each build says so.
    let second = tour.build(&[])?;
    if !second.contains(NO_LIBCLANG) {
        expect_not(&second, "bindings:")?;
    }
    tour.append(LIB, "// A comment.\n")?;
    expect(&tour.build(&[])?, "bindings: up to date")?;
    match modified()? == before {
        true => Ok(()),
        false => Err(format!("{RUST_H} was written although it is the same").into()),
    }
}
