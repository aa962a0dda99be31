//! mimalloc as the allocator of Rust's collections, next to that of libc.

use std::collections::BTreeMap;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    let mut texts = BTreeMap::new();
    for round in 0..20u64 {
        for n in 0..5000u64 {
            let key = n.wrapping_mul(2_654_435_761) % 7919;
            texts.insert(key, "x".repeat((key % 300) as usize));
            if n % 3 == round % 3 {
                texts.remove(&(key / 2));
            }
        }
        let size: usize = texts.values().map(String::len).sum();
        println!("{} texts, {size} bytes", texts.len());
    }
    let mut large = vec![0u64; 3_000_000];
    large.resize(9_000_000, 1);
    println!("{}", large.iter().sum::<u64>());
    let aligned: Vec<_> = (0..100).map(|_| Box::new(Aligned([7; 256]))).collect();
    println!(
        "{}",
        aligned.iter().all(|block| (&raw const **block).addr() % 256 == 0 && block.0[9] == 7)
    );
}

#[repr(align(256))]
struct Aligned([u8; 256]);
