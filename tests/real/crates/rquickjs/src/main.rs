//! Runs JavaScript: values both ways, a function of Rust, exceptions, a regular expression, a promise.

use rquickjs::{CatchResultExt, Context, Function, Runtime};

fn main() {
    let runtime = Runtime::new().unwrap();
    let context = Context::full(&runtime).unwrap();
    context.with(|js| {
        js.globals().set("twice", Function::new(js.clone(), |n: f64| n * 2.0)).unwrap();
        let eval = |script: &str| match js.eval::<rquickjs::Coerced<String>, _>(script).catch(&js) {
            Ok(text) => println!("{}", text.0),
            Err(error) => println!("{}", error.to_string().lines().next().unwrap_or_default()),
        };
        eval("[1, 2, 3].map(twice).join()");
        eval("JSON.stringify({a: [1, null, 'x'], b: 2n ** 70n + ''})");
        eval("'2024-02-29'.replace(/(?<y>\\d+)-(\\d+)/u, '$2/$<y>')");
        eval("throw new TypeError('thrown')");
        eval("null.x");
        eval("let x = ;");
        eval("class A { #x = 5; get x() { return this.#x } } `${new A().x} ${0.1 + 0.2}`");
        eval("function f() { return f() + 1 } try { f() } catch (e) { e.name + ' ' + (e.message.length > 0) }");
        eval("var log = []; Promise.resolve(1).then(v => log.push(v)); (async () => { log.push(await 2) })(); 0");
    });
    while runtime.execute_pending_job().unwrap() {}
    context.with(|js| println!("{}", js.eval::<String, _>("log.sort().join()").unwrap()));
}
