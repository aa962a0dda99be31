//! `host serve`: a server of components, under load, with limits, and at its end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed, Trial};

use super::components::{NO_WASMTIME, tool};
use crate::support::commands::{expect, succeed, text};
use crate::support::trial::{ignorable, ignored, trial};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("serve::answers_are_those_of_rust_and_cpp", answers),
        trial("serve::ten_thousand_requests_need_no_more_memory", no_more_memory),
        trial("serve::a_handler_that_fails_is_not_the_end", failures),
        trial("serve::limits_hold_for_each_request", limits),
        trial("serve::more_requests_than_instances_wait", more_requests),
        trial("serve::an_address_in_use_is_named", address_in_use),
        trial("serve::instances_that_cannot_start_are_an_error", start),
        ignorable("serve::wasmtime_answers_the_same", wasmtime_answers),
    ];
    if cfg!(unix) {
        trials.push(trial("serve::the_end_waits_for_requests", graceful_end));
        trials.push(trial("serve::a_second_signal_ends_at_once", end_at_once));
    }
    trials
}

/// A server that ends with the test.
struct Server {
    process: Child,
    address: SocketAddr,
    /// What it has written to its standard error since it listens.
    messages: Arc<Mutex<String>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it has ended already, there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(component: &Path, args: &[&str]) -> Result<Self, Failed> {
        let mut command = Command::new(workspace::host());
        command.args(["serve", "--addr", "127.0.0.1:0"]).args(args).arg(component);
        Self::run(command, "listening on ")
    }

    /// Runs a server. In its first line, its address follows `announcement`.
    fn run(mut command: Command, announcement: &str) -> Result<Self, Failed> {
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stderr.take().ok_or("no standard error")?);
        let mut first = String::new();
        lines.read_line(&mut first)?;
        let address = first.trim_end().strip_prefix(announcement);
        let address = address.and_then(|url| url.strip_prefix("http://")?.strip_suffix('/'));
        let address = address.ok_or_else(|| format!("it does not listen: {first}"))?.parse()?;
        let messages = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&messages);
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
                *written += &(line + "\n");
            }
        });
        Ok(Server { process, address, messages })
    }

    fn connect(&self) -> io::Result<Client> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Sends one request on a connection of its own.
    fn request(&self, method: &str, path: &str, body: &[u8]) -> Result<(u16, String), Failed> {
        Ok(self.connect()?.request(method, path, body)?)
    }

    /// Sends the signal that asks a process to end.
    fn ask_to_end(&self) -> Result<(), Failed> {
        #[cfg(unix)]
        {
            let process = rustix::process::Pid::from_child(&self.process);
            rustix::process::kill_process(process, rustix::process::Signal::TERM)?;
        }
        Ok(())
    }

    fn messages(&self) -> String {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has written a message.
    fn expect(&self, wanted: &str) -> Result<(), Failed> {
        let start = Instant::now();
        while !self.messages().contains(wanted) && start.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(10));
        }
        expect(&self.messages(), wanted)
    }

    /// Returns the memory that the process uses, in KiB, if the system tells.
    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }
}

/// A connection for several requests.
struct Client(BufReader<TcpStream>);

impl Client {
    fn request(&mut self, method: &str, path: &str, body: &[u8]) -> io::Result<(u16, String)> {
        self.send(method, path, body.len(), body)?;
        self.response()
    }

    /// Sends a request whose body has `length` bytes, and the first bytes of it.
    fn send(&mut self, method: &str, path: &str, length: usize, body: &[u8]) -> io::Result<()> {
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n");
        let stream = self.0.get_mut();
        stream.write_all(&[head.as_bytes(), b"\r\n", body].concat())
    }

    /// Reads a response: its status and its body.
    fn response(&mut self) -> io::Result<(u16, String)> {
        let invalid = |line: &str| io::Error::other(format!("not HTTP: {line:?}"));
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| invalid(&line))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            match line.trim_end().to_lowercase().split_once(": ") {
                Some(("content-length", value)) => {
                    length = value.parse().map_err(|_| invalid(&line))?;
                }
                Some(("transfer-encoding", value)) => is_chunked = value == "chunked",
                Some(_) => {}
                None => break,
            }
        }
        let mut body = Vec::new();
        while is_chunked {
            line.clear();
            self.0.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim_end(), 16).map_err(|_| invalid(&line))?;
            let mut chunk = vec![0; size + 2];
            self.0.read_exact(&mut chunk)?;
            body.extend(&chunk[..size]);
            is_chunked = size > 0;
        }
        let mut rest = vec![0; length];
        self.0.read_exact(&mut rest)?;
        body.append(&mut rest);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// Writes the component of the example.
fn spell_server(sandbox: &Sandbox) -> Result<PathBuf, Failed> {
    let guests = workspace::guests();
    let component = sandbox.path().join("spell.component.wasm");
    let mut fuse = Command::new(workspace::host());
    fuse.args(["fuse", "--component", "--link"]).arg(guests.join("spell.wasm"));
    succeed(fuse.arg(guests.join("spell-server.wasm")).arg("-o").arg(&component))?;
    Ok(component)
}

/// Writes a component whose handler has this code.
fn handler(sandbox: &Sandbox, name: &str, code: &str) -> Result<PathBuf, Failed> {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "wasi:http/incoming-handler@0.2.12#handle") (param i32 i32) {code}))"#
    );
    let module = sandbox.path().join(name).with_extension("wat");
    std::fs::write(&module, text)?;
    let component = module.with_extension("wasm");
    let wit = workspace::root().join("tests").join("components").join("server");
    let mut fuse = Command::new(workspace::host());
    fuse.args(["fuse", "--component", "--wit"]).arg(wit).arg(&module);
    succeed(fuse.arg("-o").arg(&component))?;
    Ok(component)
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), Failed> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?}, expected {expected:?}").into())
}

fn answer(status: u16, body: &str) -> (u16, String) {
    (status, body.to_owned())
}

fn answers() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let server = Server::start(&spell_server(&sandbox)?, &[])?;
    spell_checks(&server)?;
    let mut client = server.connect()?;
    client.0.get_mut().write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    same(client.response()?, answer(400, "the request names no host\n"))?;
    // Instances that answer several requests, one after the other on one connection.
    let server = Server::start(&spell_server(&sandbox)?, &["--max-reuse", "10"])?;
    let mut client = server.connect()?;
    for _ in 0..25 {
        same(
            client.request("POST", "/check", b"teh")?,
            answer(200, "0: teh; did you mean ten?\n"),
        )?;
        same(client.request("POST", "/check", b"\xff")?, answer(400, "byte 0 is not ASCII\n"))?;
    }
    same(server.messages(), String::new())
}

fn wasmtime_answers() -> Result<Completion, Failed> {
    let Some(wasmtime) = tool("wasmtime") else { return ignored(NO_WASMTIME) };
    let sandbox = Sandbox::empty()?;
    let mut serve = Command::new(wasmtime);
    serve.args(["serve", "--addr", "127.0.0.1:0"]).arg(spell_server(&sandbox)?);
    spell_checks(&Server::run(serve, "Serving HTTP on ")?)?;
    Ok(Completion::Completed)
}

/// Sends a request of each kind to the example's component.
fn spell_checks(server: &Server) -> Result<(), Failed> {
    let found = server.request("POST", "/check", b"A lettr to the wrold")?;
    let expected =
        "2: lettr; did you mean letter, better, left?\n15: wrold; did you mean cold, gold, hold?\n";
    same(found, answer(200, expected))?;
    same(server.request("POST", "/check", b"")?, answer(200, ""))?;
    // An exception of C++.
    let found = server.request("POST", "/check", "caf\u{e9}".as_bytes())?;
    same(found, answer(400, "byte 3 is not ASCII\n"))?;
    let found = server.request("POST", "/check", &[b'a'; 65])?;
    same(found, answer(400, "the word at byte 0 has 65 letters\n"))?;
    same(server.request("GET", "/check", b"")?, answer(405, "send the text by POST\n"))?;
    same(server.request("GET", "/", b"")?, answer(404, "there is only /check\n"))?;
    let large = server.request("POST", "/check", &vec![b' '; (1 << 20) + 1])?;
    same(large, answer(413, "the text has more than 1 MiB\n"))
}

/// Memory in KiB by which the process may grow: allocators keep what they have.
const GROWTH: u64 = 8 << 10;

fn no_more_memory() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let server = Server::start(&spell_server(&sandbox)?, &[])?;
    requests(&server, 500)?;
    let before = server.memory();
    requests(&server, 10_000)?;
    let (Some(before), Some(after)) = (before, server.memory()) else { return Ok(()) };
    if after > before + GROWTH {
        return Err(format!("it has grown from {before} to {after} KiB").into());
    }
    same(server.messages(), String::new())
}

/// Sends this number of requests by four clients.
fn requests(server: &Server, count: usize) -> Result<(), Failed> {
    const CLIENTS: usize = 4;
    let send = || -> io::Result<()> {
        let mut client = server.connect()?;
        for number in 0..count / CLIENTS {
            let (text, expected) = match number % 2 {
                0 => (&b"wrod"[..], answer(200, "0: wrod; did you mean wood, food, from?\n")),
                _ => (&b"\x80"[..], answer(400, "byte 0 is not ASCII\n")),
            };
            let found = client.request("POST", "/check", text)?;
            if found != expected {
                return Err(io::Error::other(format!("{found:?}")));
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(send)).collect();
        let ended = clients.into_iter().map(|client| client.join());
        ended.into_iter().try_for_each(|ended| Ok(ended.map_err(|_| "a client panicked")??))
    })
}

fn failures() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let server = Server::start(&handler(&sandbox, "traps", "(unreachable)")?, &[])?;
    for _ in 0..3 {
        let found = server.request("GET", "/path?secret", b"")?;
        same(found, answer(500, "the component failed\n"))?;
    }
    let messages = "error: GET /path: `handle` trapped: wasm `unreachable` instruction executed";
    server.expect(messages)?;
    let server = Server::start(&handler(&sandbox, "silent", "")?, &[])?;
    let found = server.request("GET", "/", b"")?;
    same(found, answer(502, "the component gave no response\n"))
}

fn limits() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let endless = handler(&sandbox, "endless", "(loop (br 0))")?;
    let server = Server::start(&endless, &["--timeout", "200ms"])?;
    // A request with a loop leaves room for the others.
    thread::scope(|scope| -> Result<(), Failed> {
        let requests: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| server.request("GET", "/", b"").map_err(|e| format!("{e:?}"))))
            .collect();
        for request in requests {
            let found = request.join().map_err(|_| "a client panicked")??;
            same(found, answer(504, "the component took too long\n"))?;
        }
        Ok(())
    })?;
    let message = "error: GET /: `handle` did not end within 200ms, the limit of `--timeout`\n";
    server.expect(message)?;
    let server = Server::start(&endless, &["--fuel", "100000"])?;
    same(server.request("GET", "/", b"")?, answer(500, "the component failed\n"))?;
    server.expect("`handle` has used up 100000 units of fuel")?;
    Ok(())
}

/// What keeps instances from starting is known before the first request.
fn start() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let component = spell_server(&sandbox)?;
    for (args, message) in [
        (["--max-memory", "64KiB"], "error: the component needs 8.1 MiB of memory at the start"),
        (["--dir", "nowhere"], "error: cannot open the directory `nowhere`"),
        (["--fuel", "1"], "error: the start of the component has used up 1 units of fuel"),
    ] {
        let mut serve = Command::new(workspace::host());
        serve.args(["serve", "--addr", "localhost:0"]).args(args).arg(&component);
        let output = serve.output()?;
        expect(&text(&output), message)?;
        same(output.status.success(), false)?;
    }
    Ok(())
}

fn more_requests() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let server = Server::start(&spell_server(&sandbox)?, &["--max-requests", "1"])?;
    requests(&server, 100)?;
    same(server.messages(), String::new())
}

fn address_in_use() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let component = spell_server(&sandbox)?;
    let server = Server::start(&component, &[])?;
    let address = server.address.to_string();
    let mut second = Command::new(workspace::host());
    let output = second.args(["serve", "--addr", &address]).arg(&component).output()?;
    let message = String::from_utf8_lossy(&output.stderr);
    expect(&message, &format!("error: cannot listen on {address}: "))?;
    same(output.status.code(), Some(1))
}

/// A request that is being answered when the server is asked to end is answered; new ones are not.
fn graceful_end() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let mut server = Server::start(&spell_server(&sandbox)?, &[])?;
    let mut client = server.connect()?;
    same(client.request("POST", "/check", b"")?, answer(200, ""))?;
    client.send("POST", "/check", 8, b"teh ")?;
    // The handler waits for the rest of the text.
    thread::sleep(Duration::from_secs(1));
    server.ask_to_end()?;
    let start = Instant::now();
    while server.connect().is_ok() {
        if start.elapsed() > Duration::from_secs(20) {
            return Err("it still accepts connections".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    client.0.get_mut().write_all(b"teh ")?;
    let expected = "0: teh; did you mean ten?\n4: teh; did you mean ten?\n";
    same(client.response()?, answer(200, expected))?;
    drop(client);
    same(server.process.wait()?.code(), Some(0))
}

/// A second signal does not wait for a request that is being answered.
fn end_at_once() -> Result<(), Failed> {
    let sandbox = Sandbox::empty()?;
    let mut server = Server::start(&spell_server(&sandbox)?, &["--grace", "1h"])?;
    let mut client = server.connect()?;
    // Once it answers, it listens to signals too.
    same(client.request("POST", "/check", b"")?, answer(200, ""))?;
    client.send("POST", "/check", 8, b"teh ")?;
    server.ask_to_end()?;
    server.expect("ending: waiting at most 1h for requests that are being answered")?;
    let start = Instant::now();
    // The first may come before the server listens to a second one.
    while server.process.try_wait()?.is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            return Err("it still waits".into());
        }
        server.ask_to_end()?;
        thread::sleep(Duration::from_millis(100));
    }
    same(server.process.wait()?.code(), Some(0))
}
