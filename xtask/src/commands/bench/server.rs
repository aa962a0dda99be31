//! The rows about components: `host serve` under load, and the start of a command.
//!
//! The load generator is `wrk`, from the package manager. It runs on the same machine, and so takes
//! a part of its processors, on both sides alike.

use std::env::consts::EXE_SUFFIX;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::build::{Bench, Language, unix_compiler};
use super::measure::{alternate, output, time};
use super::pairs::check_same_output;
use super::samples::{Outcome, Samples};

/// The number of rounds, in each of which both servers answer for this many seconds.
const ROUNDS: usize = 7;
const SECONDS: u64 = 2;
const CLIENTS: u64 = 8;

/// What is read from the report of the load generator.
#[derive(Clone, Copy)]
pub(super) enum Figure {
    /// The nanoseconds of one request, if requests came one after the other.
    Request,
    /// The nanoseconds within which 99 % of the requests were answered.
    Latency,
}

/// Compares with `wasmtime serve` on the same component.
pub(super) fn wasmtime(bench: &Bench<'_>, figure: Figure) -> anyhow::Result<Outcome> {
    let Some(wasmtime) = bench.project.program("wasmtime") else {
        return Outcome::missing("wasmtime is missing: `cargo xtask setup --bench`");
    };
    let component = component(bench)?;
    let theirs = |port: u16| {
        let mut command = Command::new(&wasmtime);
        command.args(["serve", "--addr", &format!("127.0.0.1:{port}")]).arg(&component);
        command
    };
    compare(bench, figure, |port| serve(bench, &component, &[], port), theirs)
}

/// Compares instances for each request with instances that are used again.
pub(super) fn reuse(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let component = component(bench)?;
    let ours = |port: u16| serve(bench, &component, &[], port);
    let theirs = |port: u16| serve(bench, &component, &["--max-reuse", "1000000"], port);
    compare(bench, Figure::Request, ours, theirs)
}

/// Compares with a native server that has the same C++ library.
pub(super) fn native(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let Some(cxx) = unix_compiler(Language::Cpp) else {
        return Outcome::missing("a C++ compiler is missing");
    };
    let component = component(bench)?;
    let library = bench.project.root.join("examples").join("spell-server").join("cpp");
    let sources = [bench.source("serve.cpp"), library.join("spell.cpp")];
    let compile = bench.shell()?;
    let compile = compile.cmd(cxx).args(["-O2", "-std=c++17", "-pthread", "-I"]).arg(library);
    let server = bench.make(&format!("serve{EXE_SUFFIX}"), &sources, compile.args(&sources))?;
    let theirs = |port: u16| {
        let mut command = Command::new(&server);
        command.arg(port.to_string());
        command
    };
    compare(bench, Figure::Request, |port| serve(bench, &component, &[], port), theirs)
}

/// Compares the start of the tour as a component with that of the fused module.
pub(super) fn start(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let fuse = |name: &str, options: &[&str]| -> anyhow::Result<Command> {
        let file = bench.module(name);
        let mut fuse = bench.host(&["fuse", "--invoke", "tour", "--link"]);
        fuse.arg(bench.project.guest("tour-cpp")).arg(bench.project.guest("tour"));
        output(fuse.args(options).arg("-o").arg(&file))?;
        let mut run = bench.host(&["run"]);
        run.arg(file);
        Ok(run)
    };
    let mut ours = fuse("tour.component", &["--component"])?;
    let mut theirs = fuse("tour.fused", &[])?;
    check_same_output(&mut ours, &mut theirs)?;
    alternate(51, || Ok(time(&mut ours)?.0), || Ok(time(&mut theirs)?.0))
}

/// Compares the size of the server's component with that of a function in JavaScript that returns
/// its argument, by componentize-js.
pub(super) fn size(bench: &Bench<'_>) -> anyhow::Result<Outcome> {
    let packages = bench.project.tools().join("jco").join("node_modules").join("@bytecodealliance");
    let library = packages.join("componentize-js");
    let Some(node) = which::which("node").ok().filter(|_| library.is_dir()) else {
        return Outcome::missing("jco is missing: `cargo xtask setup --components`");
    };
    let theirs = bench.module("same.js");
    std::fs::create_dir_all(bench.built(""))?;
    let mut componentize = Command::new(node);
    componentize.arg(bench.source("componentize.mjs")).arg(library);
    output(componentize.arg(&theirs))?;
    let size = |file: PathBuf| Ok::<_, std::io::Error>(std::fs::metadata(file)?.len() as f64);
    let (ours, theirs) = (vec![size(component(bench)?)?], vec![size(theirs)?]);
    Ok(Outcome::Measured(Samples { ours, theirs }))
}

/// Writes the component of the example.
fn component(bench: &Bench<'_>) -> anyhow::Result<PathBuf> {
    let component = bench.module("spell.component");
    std::fs::create_dir_all(bench.built(""))?;
    let mut fuse = bench.host(&["fuse", "--component", "--strip", "--link"]);
    fuse.arg(bench.project.guest("spell")).arg(bench.project.guest("spell-server"));
    output(fuse.arg("-o").arg(&component))?;
    Ok(component)
}

fn serve(bench: &Bench<'_>, component: &PathBuf, options: &[&str], port: u16) -> Command {
    let mut command = bench.host(&["serve", "--addr", &format!("127.0.0.1:{port}")]);
    command.args(options).arg(component);
    command
}

/// Loads two servers alternately.
fn compare(
    bench: &Bench<'_>,
    figure: Figure,
    ours: impl FnOnce(u16) -> Command,
    theirs: impl FnOnce(u16) -> Command,
) -> anyhow::Result<Outcome> {
    let Ok(wrk) = which::which("wrk") else {
        return Outcome::missing("the load generator `wrk` is missing: install its package");
    };
    let script = bench.source("serve.lua");
    let (ours, theirs) = (Server::start(ours)?, Server::start(theirs)?);
    let load = |server: &Server| {
        let mut command = Command::new(&wrk);
        command.args(["--latency", "-t1", "-c", &CLIENTS.to_string()]);
        command.args(["-d", &format!("{SECONDS}s"), "-s"]).arg(&script);
        let report = output(command.arg(format!("http://127.0.0.1:{}/", server.port)))?;
        read(&report, figure).with_context(|| format!("wrk reported\n{report}"))
    };
    alternate(ROUNDS, || load(&ours), || load(&theirs))
}

/// Reads a figure from a report, in nanoseconds.
fn read(report: &str, figure: Figure) -> anyhow::Result<f64> {
    if report.contains("Non-2xx") || report.contains("Socket errors") {
        bail!("requests failed");
    }
    let value = |name: &str| {
        let line = report.lines().find_map(|line| line.trim().strip_prefix(name));
        line.map(str::trim).with_context(|| format!("`{name}` is not there"))
    };
    match figure {
        Figure::Request => Ok(1e9 / value("Requests/sec:")?.parse::<f64>()?),
        Figure::Latency => {
            let text = value("99%")?;
            let units = [("us", 1e3), ("ms", 1e6), ("s", 1e9)];
            let found = units.iter().find_map(|(unit, nanoseconds)| {
                Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * nanoseconds)
            });
            found.with_context(|| format!("`{text}` is no time"))
        }
    }
}

/// A server that ends with the row.
struct Server {
    process: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended already, there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a server on a free port, and waits until it accepts connections.
    fn start(command: impl FnOnce(u16) -> Command) -> anyhow::Result<Self> {
        // It is free again when the listener is dropped.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = command(port);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.with_context(|| format!("{command:?}"))?;
        let server = Server { process, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if start.elapsed() > Duration::from_secs(20) {
                bail!("{command:?} does not listen");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_in_nanoseconds() {
        let report = "  Latency Distribution\n     99%    8.50ms\nRequests/sec:   2000.00\n";
        assert_eq!(read(report, Figure::Latency).unwrap(), 8.5e6);
        assert_eq!(read(report, Figure::Request).unwrap(), 500_000.0);
        let failed = format!("{report}  Non-2xx or 3xx responses: 1\n");
        assert!(read(&failed, Figure::Request).is_err());
    }
}
