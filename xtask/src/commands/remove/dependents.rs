//! What needs a guest: other guests, the demo, and crates of the workspace.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use toml::{Table, Value};

use crate::build::manifest;
use crate::support::project::Project;

/// The part of `guests.toml` that says who needs whom. It need not be valid otherwise: a guest can
/// be removed because its sources are gone.
#[derive(Deserialize)]
struct Guests {
    guest: BTreeMap<String, Table>,
    demo: Option<Table>,
}

/// Returns the guests that need another one, and the demo if it does, each with the reason.
pub(crate) fn in_manifest(text: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let guests: Guests = toml::from_str(text).context("cannot read guests.toml")?;
    let Some(entry) = guests.guest.get(name) else { return Ok(Vec::new()) };
    let exports = exports(name, entry);
    let others = guests.guest.iter().filter(|(other, _)| *other != name);
    let mut found: Vec<String> = others
        .flat_map(|(other, entry)| {
            imports(other, entry, &exports).chain(paths(other, entry, name)).collect::<Vec<_>>()
        })
        .collect();
    let called = guests.demo.as_ref().and_then(|demo| demo.get("guest")).and_then(Value::as_str);
    if called == Some(name) {
        found.push("the demo in guests.toml calls it".to_owned());
    }
    Ok(found)
}

/// Returns the exports that an entry lists, as others import them: `MODULE.NAME`.
fn exports(name: &str, entry: &Table) -> Vec<String> {
    let module = entry.get("module").and_then(Value::as_str).unwrap_or(name);
    let exports: Vec<_> = strings(entry, "exports").map(function).collect();
    // Modules that share a memory are all imported from `env`.
    ["env", module]
        .iter()
        .flat_map(|module| exports.iter().map(move |export| format!("{module}.{export}")))
        .collect()
}

fn imports<'a>(
    other: &'a str,
    entry: &'a Table,
    exports: &'a [String],
) -> impl Iterator<Item = String> + 'a {
    let imported = strings(entry, "imports").map(function);
    let wanted = imported.filter(|import| exports.iter().any(|export| export == import));
    wanted.map(move |import| format!("the guest `{other}` imports `{import}`"))
}

/// Returns the function of an import or an export, which is written `FUNCTION: SIGNATURE`.
fn function(text: &str) -> &str {
    text.split(':').next().unwrap_or_default().trim()
}

fn strings<'a>(entry: &'a Table, key: &str) -> impl Iterator<Item = &'a str> {
    entry.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Returns the keys of an entry that name something in a folder.
fn paths<'a>(
    other: &'a str,
    entry: &'a Table,
    folder: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let base = Path::new(text("path"));
    let path = ("path", base.to_owned());
    let headers = ["header", "bindings"].map(|key| (key, base.join(text(key))));
    let named = [path].into_iter().chain(headers);
    let inside = named.filter(move |(_, path)| {
        manifest::resolve(path).is_some_and(|path| path.starts_with(folder))
    });
    // One reason is enough.
    inside.take(1).map(move |(key, path)| {
        format!("the `{key}` of the guest `{other}` is `{}`", path.display())
    })
}

/// Returns the crates that depend on the crate in a folder, and those in folders below it.
pub(crate) fn in_workspace(project: &Project, folder: &str) -> Vec<String> {
    let folder = project.root.join(folder);
    let below =
        project.crates_below(&folder).map(|name| format!("the crate `{name}` is in its folder"));
    let dependents =
        project.dependents(&folder).map(|name| format!("the crate `{name}` depends on it"));
    below.chain(dependents).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUESTS: &str = r#"
        [guest.new]
        path = "new"
        exports = ["new_answer: () -> i32"]
        [guest.importer]
        path = "importer"
        imports = ["env.other: () -> i32", "env.new_answer: () -> i32"]
        [guest.header]
        path = "header"
        bindings = "../new/new.h"
        [guest.inside]
        path = "./new/inside"
        [guest.newer]
        path = "newer"
        imports = ["env.new_answer2: () -> i32"]
        [demo]
        guest = "new"
    "#;

    #[test]
    fn all_that_need_a_guest_are_named() -> anyhow::Result<()> {
        let expected = [
            "the `bindings` of the guest `header` is `header/../new/new.h`",
            "the guest `importer` imports `env.new_answer`",
            "the `path` of the guest `inside` is `./new/inside`",
            "the demo in guests.toml calls it",
        ];
        assert_eq!(in_manifest(GUESTS, "new")?, expected);
        assert!(in_manifest(GUESTS, "newer")?.is_empty());
        Ok(())
    }
}
