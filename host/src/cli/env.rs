//! `host env`: the configuration with which cargo builds crates with C and C++ inside, and runs
//! them.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use driver::settings::{Setting, TARGET};
use toml::Value;

use super::console::{complain, print};
use super::flags::EnvFlags;
use super::output_file;

/// Prints the configuration. If the flags say so, writes it.
///
/// # Errors
///
/// If the programs that build are not there, or the file cannot be read or written.
pub(crate) fn run(flags: &EnvFlags) -> anyhow::Result<()> {
    let settings = settings()?;
    warn_of_compiler();
    warn_of_variables(&settings);
    if flags.write {
        return write(&settings);
    }
    print(&to_text(&settings.iter().collect::<Vec<_>>()))
}

/// Returns the settings for the programs that build, and for this program, which runs what they
/// have built. They are in the order of their tables.
fn settings() -> anyhow::Result<Vec<Setting>> {
    let host = env::current_exe().context("cannot find the path of this program")?;
    let runner = vec![host.to_string_lossy().into_owned(), "run".to_owned()];
    let runner = Setting { table: TARGET, key: "runner", value: runner.into() };
    Ok([runner].into_iter().chain(driver::settings::settings(&folder(&host)?)).collect())
}

/// Returns the folder of the programs that build: that of this program, or the one where they are
/// installed for it.
fn folder(host: &Path) -> anyhow::Result<PathBuf> {
    let beside = host.parent().unwrap_or(Path::new(""));
    let installed = beside.parent().unwrap_or(Path::new("")).join("lib").join("host");
    let folders = [beside.to_owned(), installed];
    let has_programs = |folder: &PathBuf| driver::settings::program(folder, "wasm-ld").is_file();
    folders.into_iter().find(has_programs).with_context(|| {
        format!(
            "`wasm-ld`, `wasm-cc` and the other programs that build are not in `{}`: run \
             `cargo xtask build-all` in the workspace of `host`, which makes them",
            beside.display()
        )
    })
}

/// Warns if nothing can be compiled.
fn warn_of_compiler() {
    if let Err(error) = driver::emscripten::program("emcc") {
        complain(&format!("warning: {error}"));
    }
}

fn line(setting: &Setting) -> String {
    format!("{} = {}\n", setting.key, setting.value)
}

/// Returns the value that a setting has in a configuration.
fn get<'t>(setting: &Setting, configuration: &'t toml::Table) -> Option<&'t Value> {
    let mut table = configuration;
    for part in setting.table.split('.') {
        table = table.get(part)?.as_table()?;
    }
    table.get(setting.key)
}

/// Writes the settings as a configuration. They are in the order of their tables.
fn to_text(settings: &[&Setting]) -> String {
    let tables = settings.chunk_by(|a, b| a.table == b.table);
    let table = |settings: &[&Setting]| {
        let lines: String = settings.iter().map(|setting| line(setting)).collect();
        format!("[{}]\n{lines}", settings[0].table)
    };
    tables.map(table).collect::<Vec<_>>().join("\n")
}

/// Adds the settings to the configuration, after showing them. Settings that the user has made stay.
fn write(settings: &[Setting]) -> anyhow::Result<()> {
    let file = configuration();
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", file.display()));
        }
    };
    let is_invalid = || format!("`{}` is not valid TOML", file.display());
    let old: toml::Table = text.parse().with_context(is_invalid)?;
    let mut changed = Vec::new();
    for setting in settings {
        let value = match get(setting, &old) {
            None => setting.value.clone(),
            Some(value) => merge(value, setting).unwrap_or_else(|| {
                keep(setting, value, &file);
                value.clone()
            }),
        };
        if get(setting, &old) != Some(&value) {
            changed.push(Setting { value, ..setting.clone() });
        }
    }
    if get_flags(&old).is_some() {
        complain(&format!(
            "warning: cargo ignores `build.rustflags` of `{}` for a target that has its own: copy \
             those options to `{TARGET}.rustflags`",
            file.display()
        ));
    }
    if changed.is_empty() {
        return print(&format!("`{}` needs no change\n", file.display()));
    }
    let new = changed.iter().fold(text, |text, setting| with(&text, setting));
    let has_all = new
        .parse::<toml::Table>()
        .is_ok_and(|new| changed.iter().all(|setting| get(setting, &new) == Some(&setting.value)));
    let shown = to_text(&changed.iter().collect::<Vec<_>>());
    if !has_all {
        bail!(
            "`{}` has these tables in another form: add the lines by hand\n\n{shown}",
            file.display()
        );
    }
    print(&format!("writing to `{}`:\n\n{shown}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    output_file::write(&file, new.as_bytes())
}

/// Returns the value for a setting that a configuration has already: with what the user has added, if
/// an earlier call of this command wrote it, perhaps for programs in another folder. Returns `None` if
/// the user chose another program.
fn merge(old: &Value, setting: &Setting) -> Option<Value> {
    match (old, &setting.value) {
        (Value::String(old), Value::String(new)) => {
            let is_ours = match setting.key.starts_with("BINDGEN") {
                true => old.starts_with(&driver::settings::CLANG_FLAGS.join(" ")),
                false => Path::new(old).file_name() == Path::new(new).file_name(),
            };
            is_ours.then(|| setting.value.clone())
        }
        (Value::Array(old), Value::Array(new)) if setting.key == "runner" => {
            let name = |list: &[Value]| {
                let path = Path::new(list.first()?.as_str()?);
                path.file_stem().map(std::ffi::OsStr::to_owned)
            };
            let is_host = name(old) == name(new) || name(old).is_some_and(|name| name == "host");
            let is_ours = is_host && old.get(1) == new.get(1);
            is_ours
                .then(|| new.iter().chain(old.iter().skip(2)).cloned().collect::<Vec<_>>().into())
        }
        (old, Value::Array(new)) if setting.key == "rustflags" => {
            let mut list = match old {
                Value::Array(list) => list.clone(),
                Value::String(text) => text.split_whitespace().map(Value::from).collect(),
                _ => return None,
            };
            list.extend(
                new.iter().filter(|flag| !list.contains(flag)).cloned().collect::<Vec<_>>(),
            );
            Some(list.into())
        }
        _ => None,
    }
}

/// Returns the text of a configuration with a setting: in place of the setting that it has, at the
/// end of the table, or in a table at the end of the file.
fn with(text: &str, setting: &Setting) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    let header = format!("[{}]", setting.table);
    let Some(start) = lines.iter().position(|line| line.trim() == header) else {
        let gap = if lines.is_empty() { "" } else { "\n" };
        return format!("{text}{gap}{header}\n{}", line(setting));
    };
    let rest = &lines[start + 1..];
    let length = rest.iter().position(|line| line.trim_start().starts_with('['));
    let table = &rest[..length.unwrap_or(rest.len())];
    let is_it = |line: &String| line.split('=').next().is_some_and(|key| key.trim() == setting.key);
    let line = line(setting).trim_end().to_owned();
    match table.iter().position(is_it) {
        Some(index) => lines[start + 1 + index] = line,
        None => {
            let last = table.iter().rposition(|line| !line.trim().is_empty());
            lines.insert(start + 1 + last.map_or(0, |last| last + 1), line);
        }
    }
    lines.join("\n") + "\n"
}

/// Returns the options of rustc that a configuration has for all targets.
fn get_flags(configuration: &toml::Table) -> Option<&Value> {
    configuration.get("build")?.as_table()?.get("rustflags")
}

fn keep(setting: &Setting, value: &Value, file: &Path) {
    complain(&format!(
        "warning: `{}` sets `{}.{}` to {value}, which stays: {}",
        file.display(),
        setting.table,
        setting.key,
        match setting.key {
            "runner" => "`cargo run` and `cargo test` use it instead of `host run`",
            "linker" => "programs are not linked for `host`",
            _ => "crates with C inside may not build",
        }
    ));
}

/// Returns the path of the configuration: that of the workspace of the current folder, or else of
/// the current folder.
fn configuration() -> PathBuf {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["locate-project", "--workspace", "--message-format", "plain"]);
    let output = command.output().ok().filter(|output| output.status.success());
    let manifest = output.and_then(|output| String::from_utf8(output.stdout).ok());
    let root = manifest.as_deref().and_then(|path| Path::new(path.trim_end()).parent());
    let folder = root.unwrap_or(Path::new("")).join(".cargo");
    // Of both files, cargo reads only this one.
    let old_name = folder.join("config");
    if old_name.is_file() { old_name } else { folder.join("config.toml") }
}

/// Warns of variables of the environment that cargo or build scripts use instead of the settings.
fn warn_of_variables(settings: &[Setting]) {
    for setting in settings {
        for name in variables(setting) {
            let Some(set) = env::var_os(&name) else { continue };
            let set = set.to_string_lossy();
            if !texts(&setting.value).iter().all(|text| set.contains(text)) {
                complain(&format!(
                    "warning: the environment variable `{name}` is `{set}`, which counts instead of \
                     the setting `{}.{}`",
                    setting.table, setting.key
                ));
            }
        }
    }
}

/// Returns the variables that take precedence over a setting.
fn variables(setting: &Setting) -> Vec<String> {
    if setting.table == "env" {
        return vec![setting.key.to_owned(), setting.key.replace(&triple('_'), &triple('-'))];
    }
    let key = setting.key.to_uppercase();
    let of_target = format!("CARGO_TARGET_{}_{key}", triple('_').to_uppercase());
    let flags = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"].map(str::to_owned);
    let of_all = flags.into_iter().filter(|_| setting.key == "rustflags");
    of_all.chain([of_target]).collect()
}

/// Returns the target with another character between its parts.
fn triple(between: char) -> String {
    ["wasm32", "unknown", "unknown"].join(&between.to_string())
}

/// Returns the texts of a value: itself, or those in it.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => value.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(key: &'static str, old: &str, new: &str) -> Option<String> {
        let value = |text: &str| format!("a = {text}").parse::<toml::Table>().unwrap()["a"].clone();
        let setting = Setting { table: TARGET, key, value: value(new) };
        merge(&value(old), &setting).map(|value| value.to_string())
    }

    #[test]
    fn options_that_the_user_has_added_stay() {
        let old = r#"["/old/cargo-host", "run", "--dir", "."]"#;
        let new = r#"["/new/cargo-host", "run"]"#;
        let both = r#"["/new/cargo-host", "run", "--dir", "."]"#;
        assert_eq!(merged("runner", old, new).as_deref(), Some(both));
        let flags = r#"["-Clto=off", "-Ctarget-feature=+simd128"]"#;
        assert_eq!(merged("rustflags", flags, r#"["-Clto=off"]"#).as_deref(), Some(flags));
        let text = merged("rustflags", r#""--cfg mine""#, r#"["-Clto=off"]"#);
        assert_eq!(text.as_deref(), Some(r#"["--cfg", "mine", "-Clto=off"]"#));
    }

    #[test]
    fn programs_that_the_user_has_chosen_stay() {
        let new = r#"["/new/host", "run"]"#;
        assert_eq!(merged("runner", r#""wasm-bindgen-test-runner""#, new), None);
        assert_eq!(merged("runner", r#"["wasmtime", "--dir", "/home/host"]"#, new), None);
        assert_eq!(merged("linker", r#""/usr/bin/lld""#, r#""/new/wasm-ld""#), None);
        let ours = merged("linker", r#""/old/wasm-ld""#, r#""/new/wasm-ld""#);
        assert_eq!(ours.as_deref(), Some(r#""/new/wasm-ld""#));
    }
}
