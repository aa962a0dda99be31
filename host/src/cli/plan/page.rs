//! A plan as a page of HTML that needs no other file and no network.

use std::collections::BTreeMap;

use linker::{FuseOptions, Plan, ProgramSymbol, Provider, SizeReport};
use serde::Serialize;
use serde_json::Value;

use super::graph::{ModuleGraph, STYLE};

const TEMPLATE: &str = include_str!("page/page.html");
const PAGE_STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Returns the page of a plan with these symbols and this graph.
pub(super) fn page(
    plan: &Plan,
    symbols: &[ProgramSymbol<'_>],
    graph: &ModuleGraph,
) -> anyhow::Result<String> {
    let title = linker::printable(&plan.main().name);
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    let data = embedded(&serde_json::to_string(&PageData::new(plan, symbols)?)?);
    Ok(filled(&[
        ("title", &title),
        ("style", &format!("{PAGE_STYLE}{STYLE}")),
        ("graph", &graph.to_linked_svg()),
        ("data", &data),
        ("script", SCRIPT),
    ]))
}

/// Returns the template with its marks replaced, such as `{{title}}`. What replaces them is not
/// searched for marks.
fn filled(values: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (mark, after) = after.split_once("}}").unwrap_or((after, ""));
        let value = values.iter().find(|(name, _)| *name == mark);
        debug_assert!(value.is_some(), "the template has a mark `{mark}` without a value");
        page.push_str(before);
        page.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    page + rest
}

/// Returns JSON that can be the content of a `script` element: no name in it can end that.
fn embedded(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// What the script of the page shows.
#[derive(Serialize)]
struct PageData<'a> {
    /// The report of `host plan --json`, without imports.
    plan: Value,
    /// In the order in which symbols are looked up.
    modules: Vec<Module>,
    symbols: Vec<Symbol<'a>>,
    /// The types of symbols, each once.
    types: Vec<String>,
    /// What takes the room in the fused program, if it can be fused.
    sizes: Option<Value>,
    /// The reason why it cannot be fused.
    not_fused: Option<String>,
    warnings: Vec<String>,
    /// Whether a module uses the memory of the process.
    shares_memory: bool,
}

#[derive(Serialize)]
struct Module {
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    bytes: usize,
    /// The symbols that others can import from it, and those that it imports from others.
    defines: usize,
    uses: usize,
    /// Its part of the report of `host plan --json`.
    plan: Value,
}

/// A symbol. What most symbols have is left out.
#[derive(Serialize)]
struct Symbol<'a> {
    /// The module name under which it is imported, if that is not `env`.
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    name: String,
    /// The name in source notation, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    demangled: Option<String>,
    /// The index in the list of types.
    #[serde(rename = "type")]
    ty: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    definers: Vec<usize>,
    /// Those of the definers whose definition is weak.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weak: Vec<usize>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    users: &'a [usize],
    /// The side that defines it, if that is no module.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u32>,
}

impl<'a> PageData<'a> {
    fn new(plan: &Plan, symbols: &'a [ProgramSymbol<'a>]) -> serde_json::Result<Self> {
        let mut report = serde_json::to_value(plan)?;
        let parts = module_reports(&mut report);
        let (sizes, not_fused) = match host::fuse(plan, &FuseOptions::default()) {
            Ok(bound) => {
                let module = bound.modules.first();
                let sizes = module.map(|module| size_data(module.sizes(plan.set())));
                (sizes.transpose()?, None)
            }
            Err(error) => (None, Some(error.to_string())),
        };
        let mut types = Types::default();
        let symbols = symbols.iter();
        Ok(PageData {
            plan: report,
            modules: modules(plan, symbols.as_slice(), parts),
            symbols: symbols.map(|symbol| Symbol::new(symbol, &mut types)).collect(),
            types: types.names,
            sizes,
            not_fused,
            warnings: plan.warnings().iter().map(ToString::to_string).collect(),
            shares_memory: plan.stack_size().is_some(),
        })
    }
}

/// Takes the reports about the modules out of the report about the plan, by the index in the set.
/// Their imports are in the list of symbols.
fn module_reports(report: &mut Value) -> BTreeMap<usize, Value> {
    let Some(Value::Array(modules)) = report.get_mut("modules").map(Value::take) else {
        return BTreeMap::new();
    };
    let indexed = modules.into_iter().filter_map(|mut module| {
        module.as_object_mut()?.remove("imports");
        Some((usize::try_from(module.get("lookup")?.as_u64()?).ok()?, module))
    });
    indexed.collect()
}

fn modules(
    plan: &Plan,
    symbols: &[ProgramSymbol<'_>],
    mut reports: BTreeMap<usize, Value>,
) -> Vec<Module> {
    let inputs = plan.set().inputs.iter().enumerate();
    let definers = symbols.iter().flat_map(|symbol| &symbol.definers).map(|it| it.module);
    let defines = counts(inputs.len(), definers);
    let uses = counts(inputs.len(), symbols.iter().flat_map(|symbol| symbol.users.iter().copied()));
    let module = |(index, input): (usize, &linker::InputModule)| {
        let kind = input.module.kind;
        Module {
            name: linker::printable(&input.module.name).into_owned(),
            description: match input.is_system() {
                true => "system library".to_owned(),
                false => kind.to_string(),
            },
            file: input
                .file
                .as_ref()
                .map(|file| linker::printable(&file.display().to_string()).into_owned()),
            bytes: input.bytes.len(),
            defines: defines[index],
            uses: uses[index],
            plan: reports.remove(&index).unwrap_or_default(),
        }
    };
    inputs.map(module).collect()
}

/// Counts how often each of the modules occurs, by their indices.
fn counts(modules: usize, occurrences: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut counts = vec![0; modules];
    occurrences.for_each(|module| counts[module] += 1);
    counts
}

impl<'a> Symbol<'a> {
    fn new(symbol: &'a ProgramSymbol<'a>, types: &mut Types) -> Self {
        let name = linker::printable(symbol.name).into_owned();
        let demangled = linker::demangle(symbol.name).into_owned();
        let definers = symbol.definers.iter();
        Symbol {
            module: Some(symbol.module).filter(|module| *module != "env"),
            demangled: Some(demangled).filter(|demangled| *demangled != name),
            name,
            ty: types.index(symbol.ty.to_string()),
            weak: definers.clone().filter(|it| it.weak).map(|it| it.module).collect(),
            definers: definers.map(|definer| definer.module).collect(),
            users: &symbol.users,
            provider: Some(symbol.provider).filter(|provider| *provider != Provider::Module),
            value: symbol.value,
        }
    }
}

/// The types of symbols, each once.
#[derive(Default)]
struct Types {
    names: Vec<String>,
    indices: BTreeMap<String, usize>,
}

impl Types {
    fn index(&mut self, name: String) -> usize {
        let next = self.names.len();
        *self.indices.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        })
    }
}

/// The symbols of a module whose sizes the page lists. The rest are counted.
const LARGEST: usize = 200;

/// Returns the sizes for the page: with names in source notation, and without the many small parts.
fn size_data(report: SizeReport) -> serde_json::Result<Value> {
    let file = report.file;
    let modules = report.modules.into_iter().map(|mut module| {
        let others = module.symbols.split_off(module.symbols.len().min(LARGEST));
        let others_size: usize = others.iter().map(|symbol| symbol.code + symbol.data).sum();
        for symbol in &mut module.symbols {
            symbol.symbol = symbol.symbol.take().map(|name| linker::demangle(&name).into_owned());
        }
        let mut value = serde_json::to_value(&module)?;
        if let Some(fields) = value.as_object_mut() {
            fields.insert("others".to_owned(), others.len().into());
            fields.insert("others_size".to_owned(), others_size.into());
        }
        Ok(value)
    });
    let modules = modules.collect::<serde_json::Result<Vec<_>>>()?;
    Ok(serde_json::json!({ "file": file, "modules": modules }))
}
