//! The blob store of cxx's tutorial, and each other kind of value that crosses a bridge.

use cxx::{CxxString, let_cxx_string};

#[cxx::bridge]
mod ffi {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Color {
        Red,
        Green,
        Blue = 7,
    }

    #[derive(Debug, Clone)]
    struct Metadata {
        size: usize,
        tags: Vec<String>,
        color: Color,
    }

    extern "Rust" {
        type Chunks;
        fn next_chunk(chunks: &mut Chunks) -> &[u8];
        fn add_chunk(chunks: &mut Chunks, chunk: &str);
        fn log_line(line: &CxxString) -> usize;
        fn fail(why: &str) -> Result<()>;
    }

    unsafe extern "C++" {
        include!("crate-cxx/src/store.h");

        type Store;
        fn new_store() -> UniquePtr<Store>;
        fn shared_store() -> SharedPtr<Store>;
        fn put(self: Pin<&mut Store>, chunks: &mut Chunks) -> u64;
        fn tag(self: Pin<&mut Store>, id: u64, tag: &str) -> Result<()>;
        fn metadata(&self, id: u64) -> Metadata;
        fn last(&self) -> &CxxString;
        fn tags(&self) -> UniquePtr<CxxVector<CxxString>>;
        fn each(&self, visit: fn(&str) -> bool) -> usize;
        fn words(words: &[&str]) -> Vec<String>;
        fn more_chunks(chunks: Box<Chunks>) -> Box<Chunks>;
        fn describe(color: Color) -> String;
        fn checked_divide(a: i32, b: i32) -> Result<i32>;
        fn throw_what(what: i32) -> Result<()>;
        fn call_back(all: Vec<Metadata>) -> usize;
        fn squares(numbers: &[f64]) -> UniquePtr<CxxVector<f64>>;
        fn sort(numbers: &mut [i32]);
    }
}

use ffi::Color;

pub struct Chunks {
    chunks: Vec<Vec<u8>>,
    next: usize,
}

fn next_chunk(chunks: &mut Chunks) -> &[u8] {
    chunks.next += 1;
    chunks.chunks.get(chunks.next - 1).map_or(&[], Vec::as_slice)
}

fn add_chunk(chunks: &mut Chunks, chunk: &str) {
    chunks.chunks.push(chunk.as_bytes().to_vec());
}

fn log_line(line: &CxxString) -> usize {
    println!("C++ says: {line}");
    line.len()
}

fn fail(why: &str) -> Result<(), String> {
    Err(format!("an error {why}"))
}

fn visit(data: &str) -> bool {
    println!("visited {data:?}");
    data.len() > 10
}

fn main() {
    let mut store = ffi::new_store();
    let mut chunks =
        Chunks { chunks: vec![b"fearless".to_vec(), b" concurrency".to_vec()], next: 0 };
    let id = store.pin_mut().put(&mut chunks);
    println!("id {id:x}");
    store.pin_mut().tag(id, "rust").unwrap();
    store.pin_mut().tag(id, "grüße").unwrap();
    println!("{}", store.pin_mut().tag(1, "no blob").unwrap_err());
    let chunks = Box::new(Chunks { chunks: vec![b"more ".to_vec()], next: 0 });
    let mut chunks = ffi::more_chunks(chunks);
    let second = store.pin_mut().put(&mut chunks);
    store.pin_mut().tag(second, "c++").unwrap();
    for id in [id, second, 5] {
        println!("{:?}", store.metadata(id));
    }
    println!("last: {}", store.last());
    println!("tags: {:?}", store.tags().iter().map(|tag| tag.to_string()).collect::<Vec<_>>());
    println!("{} visited", store.each(visit));
    println!("{:?}", ffi::words(&["pear", "apple", "fig"]));
    for color in [Color::Red, Color::Green, Color::Blue, Color { repr: 3 }] {
        println!("{color:?} is {}", ffi::describe(color));
    }
    println!("{:?}", ffi::checked_divide(7, 2));
    println!("{}", ffi::checked_divide(7, 0).unwrap_err());
    // The texts of the library's own exceptions are different in each C++ library.
    println!("{:?}", [0, 1, 2, 3, 5].map(|what| ffi::throw_what(what).is_err()));
    println!("{}", ffi::throw_what(4).unwrap_err());
    println!("{}", ffi::call_back(vec![store.metadata(id), store.metadata(second)]));
    let squares = ffi::squares(&[1.5, 2.0, -3.0]);
    println!("{:?}, sum {}", squares.as_slice(), squares.iter().sum::<f64>());
    let mut numbers = [5, -3, 9, 0];
    ffi::sort(&mut numbers);
    println!("{numbers:?}");
    let_cxx_string!(string = "built by Rust");
    string.as_mut().push_str(", longer than the short form of a string");
    println!("{} of {} bytes", string, string.len());
    let shared = ffi::shared_store();
    let other = shared.clone();
    println!("{}", other.tags().is_empty());
}
