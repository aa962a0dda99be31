//! The page of `host plan --html`, in a browser.
//!
//! A test adds a script to the page, which uses it as a person does and writes down what it sees.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use crate::support::commands::succeed;
use crate::support::trial::{ignorable, ignored};
use crate::support::workspace::{self, Sandbox};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        ignorable("page::symbols_are_searched_and_filtered", || {
            on_tour(include_str!("../../page/search.js"))
        }),
        ignorable("page::links_lead_to_modules_and_symbols", || {
            on_tour(include_str!("../../page/links.js"))
        }),
        ignorable("page::sizes_and_slots_are_listed", || {
            on_tour(include_str!("../../page/lists.js"))
        }),
        ignorable("page::it_fits_narrow_and_wide_windows", windows),
        ignorable("page::names_are_never_markup", names),
        ignorable("page::a_thousand_modules_are_listed", thousand_modules),
        ignorable("page::an_empty_module_has_one", empty),
    ]
}

/// What scripts use: they check conditions, and wait until links were followed.
const HELPERS: &str = include_str!("../../page/helpers.js");

const MISSING: &str = "Chromium is missing: `cargo xtask setup --browser`";

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    names.into_iter().find_map(|name| which::which(name).ok())
}

/// Runs a script on the page of the tour.
fn on_tour(script: &str) -> Result<Completion, Failed> {
    let Some(chromium) = chromium() else { return ignored(MISSING) };
    let sandbox = Sandbox::empty()?;
    let page = tour(&sandbox)?;
    run(&chromium, &page, script, &[])?;
    Ok(Completion::Completed)
}

fn tour(sandbox: &Sandbox) -> Result<PathBuf, Failed> {
    let (main, library) =
        (workspace::guests().join("tour.wasm"), workspace::guests().join("tour-cpp.wasm"));
    page(sandbox, &[library], &main)
}

/// Writes the page of a program.
fn page(sandbox: &Sandbox, libraries: &[PathBuf], main: &Path) -> Result<PathBuf, Failed> {
    let page = sandbox.path().join("page.html");
    let mut plan = Command::new(workspace::host());
    plan.arg("plan").arg("--html").arg(&page);
    for library in libraries {
        plan.arg("--link").arg(library);
    }
    succeed(plan.arg(main))?;
    Ok(page)
}

/// Opens a page in a browser with a new profile, and runs a script there. Returns what the script
/// has put into `seen`.
///
/// # Errors
///
/// What the script has found to be wrong.
fn run(chromium: &Path, page: &Path, script: &str, options: &[&str]) -> Result<Value, Failed> {
    let text = fs::read_to_string(page)?;
    let Some((before, after)) = text.rsplit_once("</body>") else {
        return Err("the page has no end".into());
    };
    let script = format!(
        "<pre id=\"seen\"></pre><script>(async () => {{{HELPERS}\nlet seen = null;\n\
         try {{ {script} }} catch (error) {{ failures.push(String(error)); }}\n\
         document.getElementById(\"seen\").textContent = \
         JSON.stringify({{ failures, seen }}).replace(/[^ -~]|[&<>]/g, escape);\n\
         }})();</script>"
    );
    let with_script = page.with_extension("test.html");
    fs::write(&with_script, format!("{before}{script}</body>{after}"))?;
    let profile = page.with_extension("profile");
    let mut browser = Command::new(chromium);
    browser.args(["--headless", "--disable-gpu", "--no-first-run", "--virtual-time-budget=20000"]);
    // Without it the browser does not run as root. It opens no page but this one.
    browser.arg("--no-sandbox").args(options);
    browser.arg(format!("--user-data-dir={}", profile.display())).arg("--dump-dom");
    let document = succeed(browser.arg(format!("file://{}", with_script.display())))?;
    let seen = document.split_once("<pre id=\"seen\">").and_then(|(_, seen)| seen.split_once('<'));
    let seen = seen.map(|(seen, _)| seen).filter(|seen| !seen.is_empty());
    let result: Value = serde_json::from_str(seen.ok_or("the script has not ended")?)?;
    match result["failures"].as_array() {
        Some(failures) if failures.is_empty() => Ok(result["seen"].clone()),
        failures => Err(format!("{failures:#?}").into()),
    }
}

/// The page is as wide as the window, whatever the width, and only the graph scrolls sideways.
fn windows() -> Result<Completion, Failed> {
    let Some(chromium) = chromium() else { return ignored(MISSING) };
    let sandbox = Sandbox::empty()?;
    let text = fs::read_to_string(tour(&sandbox)?)?;
    let text = serde_json::to_string(&text)?.replace('<', "\\u003c");
    let script = format!("const page = {text};\n{}", include_str!("../../page/windows.js"));
    let frame = sandbox.path().join("frame.html");
    fs::write(&frame, "<!doctype html><body></body>")?;
    for (theme, is_light) in [(1, true), (0, false)] {
        let theme = format!("--blink-settings=preferredColorScheme={theme}");
        let seen = run(&chromium, &frame, &script, &["--window-size=1400,1200", &theme])?;
        if seen != serde_json::json!([is_light, is_light, is_light]) {
            return Err(format!("{seen} with {theme}").into());
        }
    }
    Ok(Completion::Completed)
}

fn names() -> Result<Completion, Failed> {
    let Some(chromium) = chromium() else { return ignored(MISSING) };
    let sandbox = Sandbox::empty()?;
    let write = |name: &str, text: &str| {
        let file = sandbox.path().join(name);
        fs::write(&file, text).map(|()| file)
    };
    let library = write(
        "library&<b>.wat",
        r#"(module (@dylink.0 (mem-info))
            (func (export "<script>window.alerted = 1</script>"))
            (func (export "</script><img src=x onerror='window.alerted = 1'>"))
            (func (export "{{script}}")))"#,
    )?;
    let main = write(
        "main.wat",
        r#"(module (import "env" "<script>window.alerted = 1</script>" (func)))"#,
    )?;
    run(&chromium, &page(&sandbox, &[library], &main)?, include_str!("../../page/names.js"), &[])?;
    Ok(Completion::Completed)
}

fn thousand_modules() -> Result<Completion, Failed> {
    let Some(chromium) = chromium() else { return ignored(MISSING) };
    let sandbox = Sandbox::empty()?;
    let mut files = Vec::new();
    for number in 0..1000 {
        let import = match number {
            0 => String::new(),
            _ => format!(r#"(import "env" "f_{}" (func))"#, number / 2),
        };
        let text =
            format!(r#"(module (@dylink.0 (mem-info)) {import} (func (export "f_{number}")))"#);
        let file = sandbox.path().join(format!("m{number}.wat"));
        fs::write(&file, text)?;
        files.push(file);
    }
    let Some((main, libraries)) = files.split_last() else { return Err("no files".into()) };
    run(&chromium, &page(&sandbox, libraries, main)?, include_str!("../../page/thousand.js"), &[])?;
    Ok(Completion::Completed)
}

fn empty() -> Result<Completion, Failed> {
    let Some(chromium) = chromium() else { return ignored(MISSING) };
    let sandbox = Sandbox::empty()?;
    let main = sandbox.path().join("empty.wat");
    fs::write(&main, "(module)")?;
    run(&chromium, &page(&sandbox, &[], &main)?, include_str!("../../page/empty.js"), &[])?;
    Ok(Completion::Completed)
}
