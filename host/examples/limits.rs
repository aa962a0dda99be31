//! Runs programs that use too much: their limits end them, and the host goes on.
//!
//! ```console
//! $ cargo run --release -p host --example limits
//! `loop` did not end within 100ms, the limit of `--timeout`
//! `recurse` recurses without end, or needs more than 64.0 KiB of stack, the limit of `--max-stack`
//! `grow` returned -1
//! ```

#![expect(clippy::print_stdout, reason = "an example shows its results")]

use std::time::Duration;

use host::{Error, Host, Limits, Wasi};
use linker::{InputModule, NoLibraries, Set};

const PROGRAM: &str = r#"(module
    (memory 1)
    (func (export "loop") (loop (br 0)))
    (func $recurse (export "recurse") (result i32) (i32.add (call $recurse) (i32.const 1)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1000))))"#;

fn main() -> anyhow::Result<()> {
    let limits = Limits::default()
        .with_timeout(Duration::from_millis(100))
        .with_max_memory(1 << 20)
        .with_max_stack(64 << 10);
    let host = Host::new(limits)?;
    let input = InputModule::load("program", wat::parse_str(PROGRAM)?)?;
    let program = host.link(Set::gather(input, Vec::new(), &mut NoLibraries)?)?;

    for function in ["loop", "recurse", "grow"] {
        // A process that a limit ended refuses further calls, so each call gets its own.
        let mut process = host.start(&program, &Wasi::default())?;
        match process.invoke(function, &[]) {
            Ok(results) => {
                let results: Vec<_> = results.iter().map(host::display).collect();
                println!("`{function}` returned {}", results.join(", "));
            }
            // The first line of the message. A backtrace may follow.
            Err(error @ Error::Limit { .. }) => {
                println!("{}", error.to_string().lines().next().unwrap_or_default());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
