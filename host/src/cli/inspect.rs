//! `host inspect`: shows a module as the linker sees it, or the interface of a component.

use std::fmt::Write;

use anyhow::Context;
use host::Error;
use linker::{Dylink, InputModule, Kind, Module, SymbolInfo};

use super::console::{print, print_json};
use super::flags::InspectFlags;

pub(crate) fn run(flags: &InspectFlags) -> anyhow::Result<()> {
    if !flags.json
        && !flags.wat
        && let Some(interface) = host::component_interface(&flags.module, &flags.input.limits())?
    {
        return print(&interface);
    }
    let InputModule { module, bytes, .. } = flags.input.read(&flags.module)?;
    linker::validate(&flags.module.to_string_lossy(), &bytes).map_err(Error::from)?;
    if flags.json {
        print_json(&*module)
    } else if flags.wat {
        let text = wasmprinter::print_bytes(&bytes).map_err(|e| anyhow::anyhow!("{e:#}"));
        let cannot = || format!("cannot write `{}` as text", flags.module.display());
        print(&text.with_context(cannot)?)
    } else {
        print(&describe(&module).context("cannot describe the module")?)
    }
}

fn describe(module: &Module) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let command = match module.kind {
        Kind::Main | Kind::SharedLibrary if module.is_command() => ", a command",
        _ => "",
    };
    writeln!(text, "{}: {}{command}", module.name, module.kind)?;
    let imports = module.imports.iter();
    let imports = imports.map(|i| {
        format!("{}.{}: {}", linker::printable(&i.module), linker::demangle(&i.name), i.ty)
    });
    section(&mut text, "imports", imports)?;
    let exports = module.exports.iter();
    let exports = exports.map(|e| format!("{}: {}", linker::demangle(&e.name), e.ty));
    section(&mut text, "exports", exports)?;
    if let Some(dylink) = &module.dylink {
        section(&mut text, "dylink.0", dylink_lines(dylink).into_iter())?;
    }
    Ok(text)
}

fn section(
    text: &mut String,
    title: &str,
    lines: impl ExactSizeIterator<Item = String>,
) -> std::fmt::Result {
    let none = if lines.len() == 0 { ": none" } else { "" };
    writeln!(text, "{title}{none}")?;
    lines.into_iter().try_for_each(|line| writeln!(text, "  {line}"))
}

fn dylink_lines(dylink: &Dylink) -> Vec<String> {
    let info = &dylink.mem_info;
    let mut lines = vec![
        format!("memory: {} bytes, aligned to {}", info.memory_size, info.memory_alignment),
        format!("table: {} elements, aligned to {}", info.table_size, info.table_alignment),
    ];
    lines.extend(dylink.needed.iter().map(|name| format!("needed: {}", linker::printable(name))));
    lines.extend(
        dylink.runtime_path.iter().map(|path| format!("runtime path: {}", linker::printable(path))),
    );
    lines.extend(dylink.export_info.iter().map(|s| symbol_line("export", s)));
    lines.extend(dylink.import_info.iter().map(|s| symbol_line("import", s)));
    lines
}

fn symbol_line(what: &str, symbol: &SymbolInfo) -> String {
    let module = symbol
        .module
        .as_ref()
        .map(|module| format!("{}.", linker::printable(module)))
        .unwrap_or_default();
    let flags = match symbol.flags.as_slice() {
        [] => "no flags".to_owned(),
        flags => flags.join(", "),
    };
    format!("{what} {module}{}: {flags}", linker::demangle(&symbol.name))
}
