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
        match get(setting, &old) {
            Some(value) if *value == setting.value => {}
            Some(value) if is_users(value) => keep(setting, value, &file),
            _ => changed.push(setting),
        }
    }
    if get_flags(&old).is_some() {
        complain(&format!(
            "warning: `build.rustflags` of `{}` no longer counts for the target, since cargo uses \
             only one list: add its options to that of the target",
            file.display()
        ));
    }
    if changed.is_empty() {
        return print(&format!("`{}` needs no change\n", file.display()));
    }
    print(&format!("adding to `{}`:\n\n{}", file.display(), to_text(&changed)))?;
    let new = changed.iter().fold(text, |text, setting| with(&text, setting));
    let has_all = new
        .parse::<toml::Table>()
        .is_ok_and(|new| changed.iter().all(|setting| get(setting, &new) == Some(&setting.value)));
    if !has_all {
        bail!("`{}` has these tables in another form: add the lines by hand", file.display());
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    output_file::write(&file, new.as_bytes())
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

/// Returns whether the user chose a value, and not an earlier call of this command, perhaps by a
/// program in another folder.
fn is_users(value: &Value) -> bool {
    let ours = ["wasm-", "wasm32.cmake", "host", "wasm32-unknown-emscripten", "lto=off"];
    let text = value.to_string();
    !ours.iter().any(|name| text.contains(name))
}

fn keep(setting: &Setting, value: &Value, file: &Path) {
    complain(&format!(
        "warning: `{}` sets `{}.{}` to {value}, which stays: crates with C inside may not build",
        file.display(),
        setting.table,
        setting.key
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
    root.unwrap_or(Path::new("")).join(".cargo").join("config.toml")
}

/// Warns of variables of the environment that cargo uses instead of those of the configuration.
fn warn_of_variables(settings: &[Setting]) {
    for Setting { key, value, .. } in settings.iter().filter(|setting| setting.table == "env") {
        let names = [(*key).to_owned(), key.replace("wasm32_unknown_unknown", TRIPLE)];
        for name in names.iter().filter(|name| env::var_os(name).is_some()) {
            let set = env::var_os(name).unwrap_or_default();
            if value.as_str().is_some_and(|value| set != value) {
                complain(&format!(
                    "warning: the environment variable `{name}` is `{}`, which build scripts use \
                     instead of the setting",
                    set.to_string_lossy()
                ));
            }
        }
    }
}

const TRIPLE: &str = "wasm32-unknown-unknown";
