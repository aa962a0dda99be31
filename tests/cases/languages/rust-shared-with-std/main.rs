// Target: wasm32-unknown-emscripten
// A shared library in Rust uses all of std, and panics: caught, and unwinding through C++.
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

unsafe extern "C-unwind" {
    /// Calls back between a constructor and a destructor; what C++ throws is caught there, and returned.
    fn call(function: extern "C-unwind" fn(i32) -> i32, argument: i32) -> i32;
}

struct Noisy(&'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        println!("{} is dropped", self.0);
    }
}

static CALLS: Mutex<Vec<i32>> = Mutex::new(Vec::new());

extern "C-unwind" fn callback(argument: i32) -> i32 {
    let _noisy = Noisy("what the callback has");
    CALLS.lock().unwrap().push(argument);
    assert!(argument > 0, "{argument} is too little");
    argument + 1
}

fn message(thrown: &dyn std::any::Any) -> &str {
    thrown.downcast_ref::<String>().map_or("something else", String::as_str)
}

#[unsafe(no_mangle)]
pub extern "C" fn test() -> i32 {
    panic::set_hook(Box::new(|info| println!("panicked: {}", info.payload_as_str().unwrap_or("?"))));
    let mut words: BTreeMap<&str, i32> = BTreeMap::new();
    "to be or not to be".split(' ').for_each(|word| *words.entry(word).or_default() += 1);
    println!("{words:?}");

    let parsed = panic::catch_unwind(|| {
        let _noisy = Noisy("what the parser has");
        "forty-two".parse::<i32>().unwrap()
    });
    println!("caught: {}", message(&*parsed.unwrap_err()));

    // SAFETY: the library's function has this type, and calls what it is given with this argument.
    let through = |argument| unsafe { call(callback, argument) };
    println!("returned: {}", through(1));
    let passed = panic::catch_unwind(AssertUnwindSafe(|| through(0)));
    println!("caught: {}", message(&*passed.unwrap_err()));
    println!("calls: {:?}", CALLS.lock().unwrap());
    42
}
