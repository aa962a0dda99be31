//! Components whose bindings are generated: of C++ alone, and of Rust and C++. They export and
//! import every kind of type, and run on Wasmtime's component API and on node.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use wasmtime::component::{
    Component, Instance, Linker, Resource, ResourceTable, ResourceType, Val,
};
use wasmtime::{Engine, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::support::commands::{expect, succeed, text};
use crate::support::console;
use crate::support::node;
use crate::support::trial::{ignorable, ignored};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("components::cpp_has_every_type", || shop(cpp_shop)),
        ignorable("components::rust_and_cpp_have_every_type", || shop(rust_shop)),
        ignorable("components::cpp_alone_as_documented", sums),
        ignorable("components::uncaught_exceptions_are_named", uncaught),
        ignorable("components::jco_runs_a_command", jco_runs_a_command),
        ignorable("components::wasmtime_runs_a_command", wasmtime_runs_a_command),
        ignorable("components::jco_calls_exports", jco_calls_exports),
    ]
}

/// The folder of the sources.
fn folder() -> PathBuf {
    workspace::root().join("tests").join("components")
}

/// Returns a program that `cargo xtask setup` installs to `.tools`.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    let tools = workspace::root().join(".tools");
    let ours = [tools.join("bin"), tools.join("jco").join("node_modules").join(".bin")];
    let ours = std::env::join_paths(ours).ok()?;
    which::which_in(name, Some(ours), ".").ok().or_else(|| which::which(name).ok())
}

/// The reason for which a test does not run.
type Missing = &'static str;

pub(super) const NO_WASMTIME: Missing = "wasmtime is missing: `cargo xtask setup --bench`";

const NO_WIT_BINDGEN: Missing = "wit-bindgen is missing: `cargo xtask setup --components`";
const NO_JCO: Missing = "jco is missing: `cargo xtask setup --components`";
const NO_EMSCRIPTEN: Missing = "Emscripten is missing";

/// Makes a component in a folder, unless a tool is missing.
type Make = fn(&Path) -> Result<Result<PathBuf, Missing>, Failed>;

/// The flags of a C++ library that throws and catches.
const LIBRARY: [&str; 7] = [
    "-O2",
    "-std=c++17",
    "-fexceptions",
    "-fPIC",
    "-sSIDE_MODULE=1",
    "-sSTANDALONE_WASM",
    "-sWASM_BIGINT",
];

/// Writes the component in C++ alone.
fn cpp_shop(to: &Path) -> Result<Result<PathBuf, Missing>, Failed> {
    cpp_component(&folder(), "shop", to)
}

/// Writes a component of `NAME.wit` and `NAME.cpp`, with the commands of docs/components.md.
fn cpp_component(from: &Path, name: &str, to: &Path) -> Result<Result<PathBuf, Missing>, Failed> {
    let Some(wit_bindgen) = tool("wit-bindgen") else { return Ok(Err(NO_WIT_BINDGEN)) };
    let Ok(emcc) = which::which("emcc") else { return Ok(Err(NO_EMSCRIPTEN)) };
    let Ok(empp) = which::which("em++") else { return Ok(Err(NO_EMSCRIPTEN)) };
    let file = |ending: &str| format!("{name}{ending}");
    let wit = from.join(file(".wit"));
    succeed(Command::new(wit_bindgen).arg("c").arg(wit).arg("--out-dir").arg(to))?;
    let mut compile = Command::new(emcc);
    compile.args(["-O2", "-fPIC", "-sSIDE_MODULE=1", "-c", &file(".c"), "-o", "bindings.o"]);
    succeed(compile.current_dir(to))?;
    let mut link = Command::new(empp);
    link.args(LIBRARY).args(["--no-entry", "-I", "."]).arg(from.join(file(".cpp")));
    link.args(["bindings.o", &file("_component_type.o"), "-o", &file(".wasm")]);
    succeed(link.current_dir(to))?;
    fuse(to, &[], &file(".wasm")).map(Ok)
}

/// Writes the component in Rust, which calls a C++ library.
fn rust_shop(to: &Path) -> Result<Result<PathBuf, Missing>, Failed> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let Ok(empp) = which::which("em++") else { return Ok(Err(NO_EMSCRIPTEN)) };
    let mut link = Command::new(empp);
    link.args(LIBRARY).arg("--no-entry").arg(folder().join("sum.cpp"));
    succeed(link.args(["-o", "sum.wasm"]).current_dir(to))?;
    let crate_folder = folder().join("shop-rust");
    let mut fetch = Command::new("cargo");
    let fetched = fetch.args(["fetch", "--locked"]).current_dir(&crate_folder).output()?;
    if !fetched.status.success() {
        return match text(&fetched) {
            messages if messages.contains("--locked") => Err(messages.into()),
            _ => Ok(Err("the crates cannot be downloaded")),
        };
    }
    let built = workspace::kept().join("components");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--target", TARGET, "--target-dir"]);
    succeed(cargo.arg(&built).current_dir(&crate_folder))?;
    let module = built.join(TARGET).join("release").join("shop_rust.wasm");
    fs::copy(module, to.join("shop.wasm"))?;
    fuse(to, &["--link", "sum.wasm"], "shop.wasm").map(Ok)
}

/// Writes a program in a folder as a component.
fn fuse(folder: &Path, args: &[&str], module: &str) -> Result<PathBuf, Failed> {
    let component = folder.join(module).with_extension("component.wasm");
    let mut fuse = Command::new(workspace::host());
    fuse.args(["fuse", "--component"]).args(args).arg(module).arg("-o").arg(&component);
    succeed(fuse.current_dir(folder))?;
    Ok(component)
}

/// Calls the component of docs/components.md.
fn sums() -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    let component = match cpp_component(&folder().join("sums"), "sums", sandbox.path())? {
        Ok(component) => component,
        Err(missing) => return ignored(missing),
    };
    let call = |numbers: &str| {
        let mut run = Command::new(workspace::host());
        run.args(["run", "--invoke", "lists#summarize"]).arg(&component);
        succeed(run.arg(numbers))
    };
    let numbers = format!("[{}0]", "1, ".repeat(1000));
    let found = call("[3, 40, 2]")? + &call("[]")? + &call(&numbers)?;
    let expected =
        "ok({sum: 45, largest: some(40)})\nok({sum: 0})\nerr(\"more than 1000 numbers\")\n";
    console::same(&found, expected, "expected is what docs/components.md says")?;
    Ok(Completion::Completed)
}

/// Calls a function whose exception nothing catches.
fn uncaught() -> Result<Completion, Failed> {
    let Ok(empp) = which::which("em++") else { return ignored(NO_EMSCRIPTEN) };
    let sandbox = Sandbox::empty()?;
    let mut link = Command::new(empp);
    link.args(LIBRARY).arg("--no-entry").arg(folder().join("throws.cpp"));
    succeed(link.args(["-o", "throws.wasm"]).current_dir(sandbox.path()))?;
    let wit = folder().join("throws.wit").to_string_lossy().into_owned();
    let component = fuse(sandbox.path(), &["--wit", &wit], "throws.wasm")?;
    let call = |of: &str| {
        let mut run = Command::new(workspace::host());
        run.args(["run", "--invoke", "half"]).arg(&component).arg(of).output()
    };
    for (of, half) in [("-7", "0\n"), ("6", "3\n")] {
        console::same(&text(&call(of)?), half, "expected is the half")?;
    }
    let output = call("7")?;
    let message = "libc++abi: terminating with uncaught exception of type St12out_of_range: odd\n\
         error: `half` trapped: wasm `unreachable` instruction executed\n";
    expect(&text(&output), message)?;
    console::same(&console::status(output.status), "? 134\n", "expected is a trap")?;
    Ok(Completion::Completed)
}

/// Runs the catalogue of a shop. What it does must not depend on its language.
fn shop(make: Make) -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    let component = match make(sandbox.path())? {
        Ok(component) => component,
        Err(missing) => return ignored(missing),
    };
    let transcript = Shop::open(&component)?.visit()?;
    console::same(&transcript, EXPECTED, "expected is what the world means")?;
    Ok(Completion::Completed)
}

const EXPECTED: &str = r#"add: ok(1)
add: ok(2)
add: err("Ann has tea already")
total: 1250
total: 1125
total: 250
total: 0
describe: "Ann buys cake tea/hot/green, as a gift, insured (für Zoë)"
describe: "Ann buys cake tea/hot/green"
describe: "Bob buys"
biggest: some("Ann")
biggest: none
sizes: [(3, small), (30, large)]
sizes: []
log:
Ann: added tea
Ann: added cake
Bob: gone
Ann: gone
"#;

/// The data of the store: what the component imports.
#[derive(Default)]
struct Log {
    wasi: WasiCtx,
    table: ResourceTable,
    lines: Vec<String>,
}

impl WasiView for Log {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// A resource that the component imports.
struct Logger {
    prefix: String,
}

/// The component, and what was seen of it.
struct Shop {
    store: Store<Log>,
    instance: Instance,
    seen: String,
}

const CATALOG: &str = "demo:shop/catalog@0.1.0";

impl Shop {
    fn open(component: &Path) -> Result<Self, Failed> {
        let engine = Engine::default();
        let component = Component::from_file(&engine, component).map_err(failed)?;
        let mut linker = Linker::<Log>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(failed)?;
        let mut log = linker.instance("demo:shop/log@0.1.0").map_err(failed)?;
        log.resource("logger", ResourceType::host::<Logger>(), |mut store, rep| {
            store.data_mut().table.delete(Resource::<Logger>::new_own(rep))?;
            Ok(())
        })
        .map_err(failed)?;
        log.func_wrap(
            "[constructor]logger",
            |mut store: StoreContextMut<'_, Log>, (prefix,): (String,)| {
                Ok((store.data_mut().table.push(Logger { prefix })?,))
            },
        )
        .map_err(failed)?;
        log.func_wrap(
            "[method]logger.write",
            |mut store: StoreContextMut<'_, Log>, (logger, line): (Resource<Logger>, String)| {
                let log = store.data_mut();
                let line = format!("{}{line}", log.table.get(&logger)?.prefix);
                log.lines.push(line);
                Ok((log.lines.len() as u32,))
            },
        )
        .map_err(failed)?;
        let mut store = Store::new(&engine, Log::default());
        let instance = linker.instantiate(&mut store, &component).map_err(failed)?;
        Ok(Shop { store, instance, seen: String::new() })
    }

    /// Calls an export of the catalogue. Arguments that are no resources are in the syntax of WAVE.
    fn call(&mut self, name: &str, handle: Option<Val>, args: &[&str]) -> Result<Val, Failed> {
        let missing = || Failed::from(format!("no `{name}`"));
        let store = &mut self.store;
        let catalog = self.instance.get_export_index(&mut *store, None, CATALOG);
        let function = self.instance.get_export_index(&mut *store, catalog.as_ref(), name);
        let function = function.ok_or_else(missing)?;
        let function = self.instance.get_func(&mut *store, function).ok_or_else(missing)?;
        let ty = function.ty(&*store);
        let types = ty.params().map(|(_, ty)| ty).skip(usize::from(handle.is_some()));
        let mut values: Vec<_> = handle.into_iter().collect();
        for (ty, arg) in types.zip(args) {
            values.push(Val::from_wave(&ty, arg).map_err(failed)?);
        }
        let mut results = vec![Val::Bool(false)];
        function.call(&mut *store, &values, &mut results).map_err(failed)?;
        results.pop().ok_or_else(missing)
    }

    /// Calls a method, and writes down its result.
    fn method(&mut self, name: &str, basket: &Val, args: &[&str]) -> Result<(), Failed> {
        let result = self.call(&format!("[method]basket.{name}"), Some(basket.clone()), args)?;
        self.see(name, &result)
    }

    fn see(&mut self, name: &str, result: &Val) -> Result<(), Failed> {
        Ok(writeln!(self.seen, "{name}: {}", result.to_wave().map_err(failed)?)?)
    }

    /// Makes all calls, and returns what was seen of them.
    fn visit(mut self) -> Result<String, Failed> {
        let ann = self.call("[constructor]basket", None, &["\"Ann\""])?;
        let bob = self.call("[constructor]basket", None, &["\"Bob\""])?;
        let tea = r#"{name: "tea", price: 250, tags: ["hot", "green"]}"#;
        self.method("add", &ann, &[tea])?;
        self.method("add", &ann, &[r#"{name: "cake", price: 1000, tags: []}"#])?;
        self.method("add", &ann, &[tea])?;
        for discount in ["%none", "percent(10)", "fixed(1000)", "fixed(5000)"] {
            self.method("total", &ann, &[discount])?;
        }
        self.method("describe", &ann, &["{insured, gift}", "some(\"für Zoë\")"])?;
        self.method("describe", &ann, &["{}", "none"])?;
        self.method("describe", &bob, &["{express}", "none"])?;
        let all = Val::List(vec![bob.clone(), ann.clone()]);
        let biggest = self.call("[static]basket.biggest", Some(all), &[])?;
        self.see("biggest", &biggest)?;
        let biggest = self.call("[static]basket.biggest", None, &["[]"])?;
        self.see("biggest", &biggest)?;
        for sizes in ["[3, 30]", "[]"] {
            let sizes = self.call("sizes", None, &[sizes])?;
            self.see("sizes", &sizes)?;
        }
        for basket in [bob, ann] {
            if let Val::Resource(basket) = basket {
                basket.resource_drop(&mut self.store).map_err(failed)?;
            }
        }
        let log = self.store.data().lines.join("\n");
        Ok(format!("{}log:\n{log}\n", self.seen))
    }
}

fn failed(error: wasmtime::Error) -> Failed {
    error.to_string().into()
}

/// Runs `jco` in a folder. It needs node.
fn jco(folder: &Path, args: &[&str]) -> Result<Result<String, Missing>, Failed> {
    let Some(jco) = tool("jco").filter(|_| node::node().is_some()) else {
        return Ok(Err(NO_JCO));
    };
    succeed(Command::new(jco).args(args).current_dir(folder)).map(Ok)
}

fn jco_runs_a_command() -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    let (component, expected) = tour(sandbox.path())?;
    let Some(component) = component.file_name().and_then(|name| name.to_str()) else {
        return Err("the component has no name".into());
    };
    match jco(sandbox.path(), &["run", component])? {
        Ok(printed) => console::same(&printed, &expected, "expected is what `host run` prints")?,
        Err(missing) => return ignored(missing),
    }
    Ok(Completion::Completed)
}

fn wasmtime_runs_a_command() -> Result<Completion, Failed> {
    let Some(wasmtime) = tool("wasmtime") else { return ignored(NO_WASMTIME) };
    let sandbox = Sandbox::empty()?;
    let (component, expected) = tour(sandbox.path())?;
    let printed = succeed(Command::new(wasmtime).arg("run").arg(component))?;
    console::same(&printed, &expected, "expected is what `host run` prints")?;
    Ok(Completion::Completed)
}

/// Writes the tour as a component in a folder. Returns the file and what `host run` prints for it.
fn tour(folder: &Path) -> Result<(PathBuf, String), Failed> {
    for guest in ["tour.wasm", "tour-cpp.wasm"] {
        fs::copy(workspace::guests().join(guest), folder.join(guest))?;
    }
    let args = ["--invoke", "tour", "--link", "tour-cpp.wasm"];
    let component = fuse(folder, &args, "tour.wasm")?;
    let printed = succeed(Command::new(workspace::host()).arg("run").arg(&component))?;
    Ok((component, printed))
}

/// Calls the exports of a component by the JavaScript that jco writes for it.
fn jco_calls_exports() -> Result<Completion, Failed> {
    let sandbox = Sandbox::empty()?;
    let case = workspace::root().join("tests/cases/components/component-by-wit");
    for file in ["sums.wat", "sums.wit"] {
        fs::copy(case.join(file), sandbox.path().join(file))?;
    }
    fuse(sandbox.path(), &["--wit", "sums.wit", "--world", "sums"], "sums.wat")?;
    let args = ["transpile", "sums.component.wasm", "--out-dir", "js", "--name", "sums"];
    if let Err(missing) = jco(sandbox.path(), &args)? {
        return ignored(missing);
    }
    fs::write(sandbox.path().join("js").join("package.json"), r#"{"type": "module"}"#)?;
    fs::write(sandbox.path().join("js").join("main.js"), CALLS)?;
    let Some(node) = node::node() else { return ignored("node is missing") };
    let printed = succeed(Command::new(node).arg("js/main.js").current_dir(sandbox.path()))?;
    let expected = "5\n4000000003n\ntwo words\n{\"x\":-2,\"y\":1}\ngreen\n27\nundefined\n4\nodd\n";
    console::same(&printed, expected, "expected is what `host run` prints, in JavaScript")?;
    Ok(Completion::Completed)
}

const CALLS: &str = r#"
import { add, lists } from "./sums.js";
console.log(add(2, 3));
console.log(lists.sum(new Uint32Array([1, 2, 4000000000])));
console.log(lists.same("two words"));
console.log(JSON.stringify(lists.mirror({ x: 1, y: -2 })));
console.log(lists.next("red"));
console.log(lists.area({ tag: "circle", val: 3 }));
console.log(lists.area({ tag: "dot" }));
console.log(lists.half(8));
try {
  lists.half(7);
} catch (error) {
  console.log(error.payload);
}
"#;
