//! Rust's allocator and that of C++ share one memory, and each grows it. Emscripten's `sbrk` would
//! take all of it for C++. Here a million blocks are allocated, resized and freed in random order;
//! each is filled with a pattern, which must still be there at the next look.
use std::ffi::{c_int, c_void};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn cpp_allocate(size: usize) -> *mut c_void;
    fn cpp_resize(block: *mut c_void, size: usize) -> *mut c_void;
    fn cpp_free(block: *mut c_void);
}

const OPERATIONS: usize = 1_000_000;
const BLOCKS: usize = 10_000;

enum Block {
    Rust(Vec<u8>),
    Cpp { start: *mut u8, size: usize },
}

impl Block {
    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Block::Rust(bytes) => bytes,
            // SAFETY: the block has this size, all of it is filled, and nobody else has it
            Block::Cpp { start, size } => unsafe { std::slice::from_raw_parts_mut(*start, *size) },
        }
    }

    fn new(rust: bool, size: usize, pattern: u8) -> Self {
        if rust {
            return Block::Rust(vec![pattern; size]);
        }
        // SAFETY: `size` is not 0, and the bytes are written before they are read
        let start = unsafe { cpp_allocate(size) }.cast::<u8>();
        assert!(!start.is_null());
        // SAFETY: as above
        unsafe { start.write_bytes(pattern, size) };
        Block::Cpp { start, size }
    }

    fn resize(&mut self, new: usize, pattern: u8) {
        match self {
            Block::Rust(bytes) => {
                bytes.resize(new, pattern);
                bytes.shrink_to_fit();
            }
            Block::Cpp { start, size } => {
                // SAFETY: the block comes from `cpp_allocate`
                *start = unsafe { cpp_resize(start.cast(), new) }.cast();
                assert!(!start.is_null());
                for added in *size..new {
                    // SAFETY: the block has this size now
                    unsafe { start.add(added).write(pattern) };
                }
                *size = new;
            }
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Block::Cpp { start, .. } = self {
            // SAFETY: the block comes from `cpp_allocate`; Rust frees its own
            unsafe { cpp_free(start.cast()) }
        }
    }
}

/// Marsaglia's xorshift: random enough, and the same every time.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }

    /// Mostly small, sometimes more than a page of memory.
    fn size(&mut self) -> usize {
        let limit = [16, 64, 300, 2000][self.below(4)];
        1 + if self.below(2000) == 0 { self.below(100_000) } else { self.below(limit) }
    }
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    let mut random = Random(2463534242);
    let mut blocks: Vec<Option<Block>> = Vec::new();
    blocks.resize_with(BLOCKS, || None);
    for _ in 0..OPERATIONS {
        let at = random.below(BLOCKS);
        let pattern = at as u8;
        if let Some(block) = &mut blocks[at]
            && block.bytes().iter().any(|byte| *byte != pattern)
        {
            return 1;
        }
        match &mut blocks[at] {
            Some(block) if random.below(3) == 0 => block.resize(random.size(), pattern),
            some @ Some(_) => *some = None,
            none => *none = Some(Block::new(random.below(2) == 0, random.size(), pattern)),
        }
    }
    let mut left = blocks.iter_mut().enumerate();
    let intact = left.all(|(at, block)| {
        block.iter_mut().all(|block| block.bytes().iter().all(|byte| *byte == at as u8))
    });
    if intact { 42 } else { 2 }
}
