//! Optimises, simplifies and encodes generated meshes by meshoptimizer and says what came of it. As a native
//! program it uses the crate `meshopt`; as a WebAssembly main, the same sources as a shared library.

#[path = "../common.rs"]
mod common;

use std::alloc::{self, Layout};
use std::ffi::{c_int, c_uint, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Random, print, report};
// Brings the native library.
#[cfg(not(target_family = "wasm"))]
use meshopt as _;

/// A position and a texture coordinate.
type Vertex = [f32; 5];

const VERTEX_SIZE: usize = size_of::<Vertex>();

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Meshlet {
    vertex_offset: c_uint,
    triangle_offset: c_uint,
    vertex_count: c_uint,
    triangle_count: c_uint,
}

/// Returned by value.
#[repr(C)]
#[derive(Debug)]
struct VertexCacheStatistics {
    vertices_transformed: c_uint,
    warps_executed: c_uint,
    acmr: f32,
    atvr: f32,
}

#[cfg_attr(target_family = "wasm", link(wasm_import_module = "env"))]
unsafe extern "C" {
    fn meshopt_setAllocator(
        allocate: extern "C" fn(usize) -> *mut c_void,
        deallocate: extern "C" fn(*mut c_void),
    );
    fn meshopt_generateVertexRemap(
        destination: *mut u32,
        indices: *const u32,
        index_count: usize,
        vertices: *const Vertex,
        vertex_count: usize,
        vertex_size: usize,
    ) -> usize;
    fn meshopt_remapVertexBuffer(
        destination: *mut Vertex,
        vertices: *const Vertex,
        vertex_count: usize,
        vertex_size: usize,
        remap: *const u32,
    );
    fn meshopt_remapIndexBuffer(
        destination: *mut u32,
        indices: *const u32,
        index_count: usize,
        remap: *const u32,
    );
    fn meshopt_optimizeVertexCache(
        destination: *mut u32,
        indices: *const u32,
        index_count: usize,
        vertex_count: usize,
    );
    fn meshopt_analyzeVertexCache(
        indices: *const u32,
        index_count: usize,
        vertex_count: usize,
        cache_size: c_uint,
        warp_size: c_uint,
        group_size: c_uint,
    ) -> VertexCacheStatistics;
    fn meshopt_optimizeOverdraw(
        destination: *mut u32,
        indices: *const u32,
        index_count: usize,
        positions: *const Vertex,
        vertex_count: usize,
        stride: usize,
        threshold: f32,
    );
    fn meshopt_optimizeVertexFetch(
        destination: *mut Vertex,
        indices: *mut u32,
        index_count: usize,
        vertices: *const Vertex,
        vertex_count: usize,
        vertex_size: usize,
    ) -> usize;
    fn meshopt_simplify(
        destination: *mut u32,
        indices: *const u32,
        index_count: usize,
        positions: *const Vertex,
        vertex_count: usize,
        stride: usize,
        target_index_count: usize,
        target_error: f32,
        options: c_uint,
        result_error: *mut f32,
    ) -> usize;
    fn meshopt_buildMeshletsBound(
        index_count: usize,
        max_vertices: usize,
        max_triangles: usize,
    ) -> usize;
    fn meshopt_buildMeshlets(
        meshlets: *mut Meshlet,
        meshlet_vertices: *mut u32,
        meshlet_triangles: *mut u8,
        indices: *const u32,
        index_count: usize,
        positions: *const Vertex,
        vertex_count: usize,
        stride: usize,
        max_vertices: usize,
        max_triangles: usize,
        cone_weight: f32,
    ) -> usize;
    fn meshopt_encodeIndexBufferBound(index_count: usize, vertex_count: usize) -> usize;
    fn meshopt_encodeIndexBuffer(
        buffer: *mut u8,
        size: usize,
        indices: *const u32,
        index_count: usize,
    ) -> usize;
    fn meshopt_decodeIndexBuffer(
        destination: *mut u32,
        index_count: usize,
        index_size: usize,
        buffer: *const u8,
        size: usize,
    ) -> c_int;
    fn meshopt_encodeVertexBufferBound(vertex_count: usize, vertex_size: usize) -> usize;
    fn meshopt_encodeVertexBuffer(
        buffer: *mut u8,
        size: usize,
        vertices: *const Vertex,
        vertex_count: usize,
        vertex_size: usize,
    ) -> usize;
    fn meshopt_decodeVertexBuffer(
        destination: *mut Vertex,
        vertex_count: usize,
        vertex_size: usize,
        buffer: *const u8,
        size: usize,
    ) -> c_int;
}

type Result<T> = std::result::Result<T, String>;

struct Mesh {
    indices: Vec<u32>,
    vertices: Vec<Vertex>,
}

impl Mesh {
    /// A square of `side * side` cells with hills, its triangles in no order, and every corner of a triangle a
    /// vertex of its own. Only sums, products and quotients, which are the same everywhere.
    fn grid(side: usize) -> Mesh {
        let mut random = Random(side as u64);
        let heights: Vec<_> =
            (0..(side + 1) * (side + 1)).map(|_| random.below(1000) as f32 / 20_000.0).collect();
        let vertex = |x: usize, y: usize| {
            let (u, v) = (x as f32 / side as f32, y as f32 / side as f32);
            let hills = 4.0 * u * (1.0 - u) * v * (1.0 - v) * (1.0 + u * v);
            [u * 10.0, v * 10.0, hills + heights[y * (side + 1) + x], u, v]
        };
        let mut triangles = Vec::new();
        for (x, y) in (0..side * side).map(|cell| (cell % side, cell / side)) {
            triangles.push([vertex(x, y), vertex(x + 1, y), vertex(x, y + 1)]);
            triangles.push([vertex(x + 1, y), vertex(x + 1, y + 1), vertex(x, y + 1)]);
        }
        for last in (1..triangles.len()).rev() {
            triangles.swap(last, random.below(last + 1));
        }
        let vertices = triangles.concat();
        Mesh { indices: (0..vertices.len() as u32).collect(), vertices }
    }

    fn report(&self, what: &str) {
        report(&format!("{what}, indices"), &index_bytes(&self.indices));
        report(&format!("{what}, vertices"), &vertex_bytes(&self.vertices));
    }
}

fn index_bytes(indices: &[u32]) -> Vec<u8> {
    indices.iter().flat_map(|index| index.to_le_bytes()).collect()
}

/// Bits, not numbers: those must be the same.
fn vertex_bytes(vertices: &[Vertex]) -> Vec<u8> {
    vertices.iter().flatten().flat_map(|number| number.to_bits().to_le_bytes()).collect()
}

/// Makes equal vertices one.
fn index(mesh: &Mesh) -> Mesh {
    let Mesh { indices, vertices } = mesh;
    let mut remap = vec![0; vertices.len()];
    let mut indexed = vec![0; indices.len()];
    // SAFETY: the buffers are as large as is said
    unsafe {
        let (from, count) = (indices.as_ptr(), indices.len());
        let (source, size) = (vertices.as_ptr(), vertices.len());
        let remap = remap.as_mut_ptr();
        let left = meshopt_generateVertexRemap(remap, from, count, source, size, VERTEX_SIZE);
        let mut kept = vec![Vertex::default(); left];
        meshopt_remapVertexBuffer(kept.as_mut_ptr(), source, size, VERTEX_SIZE, remap);
        meshopt_remapIndexBuffer(indexed.as_mut_ptr(), from, count, remap);
        Mesh { indices: indexed, vertices: kept }
    }
}

fn optimise(mesh: &Mesh, name: &str) -> Mesh {
    let Mesh { indices, vertices } = mesh;
    let (count, size) = (indices.len(), vertices.len());
    let (mut cached, mut drawn) = (vec![0; count], vec![0; count]);
    let mut fetched = vec![Vertex::default(); size];
    let source = vertices.as_ptr();
    // SAFETY: the buffers are as large as is said
    unsafe {
        meshopt_optimizeVertexCache(cached.as_mut_ptr(), indices.as_ptr(), count, size);
        report(&format!("{name}, vertex cache"), &index_bytes(&cached));
        let statistics = meshopt_analyzeVertexCache(cached.as_ptr(), count, size, 16, 0, 0);
        print(format!("{statistics:?}"));
        let to = drawn.as_mut_ptr();
        meshopt_optimizeOverdraw(to, cached.as_ptr(), count, source, size, VERTEX_SIZE, 1.05);
        report(&format!("{name}, overdraw"), &index_bytes(&drawn));
        let to = fetched.as_mut_ptr();
        let left =
            meshopt_optimizeVertexFetch(to, drawn.as_mut_ptr(), count, source, size, VERTEX_SIZE);
        fetched.truncate(left);
    }
    Mesh { indices: drawn, vertices: fetched }
}

fn simplify(mesh: &Mesh, name: &str, divisor: usize, options: c_uint) {
    let Mesh { indices, vertices } = mesh;
    let mut simple = vec![0; indices.len()];
    let mut error = 0.0;
    // SAFETY: the buffers are as large as is said
    let count = unsafe {
        meshopt_simplify(
            simple.as_mut_ptr(),
            indices.as_ptr(),
            indices.len(),
            vertices.as_ptr(),
            vertices.len(),
            VERTEX_SIZE,
            indices.len() / divisor / 3 * 3,
            0.05,
            options,
            &mut error,
        )
    };
    simple.truncate(count);
    report(&format!("{name}, 1/{divisor} with options {options}"), &index_bytes(&simple));
    print(format!("error {error:e}, bits {:08x}", error.to_bits()));
}

fn meshlets(mesh: &Mesh, name: &str) {
    let Mesh { indices, vertices } = mesh;
    let mut corners = vec![0; indices.len()];
    let mut triangles = vec![0; indices.len()];
    // SAFETY: the buffers are as large as is said
    let meshlets = unsafe {
        let bound = meshopt_buildMeshletsBound(indices.len(), 64, 124);
        let mut meshlets = vec![Meshlet::default(); bound];
        let count = meshopt_buildMeshlets(
            meshlets.as_mut_ptr(),
            corners.as_mut_ptr(),
            triangles.as_mut_ptr(),
            indices.as_ptr(),
            indices.len(),
            vertices.as_ptr(),
            vertices.len(),
            VERTEX_SIZE,
            64,
            124,
            0.25,
        );
        meshlets.truncate(count);
        meshlets
    };
    let numbers = meshlets
        .iter()
        .flat_map(|m| [m.vertex_offset, m.triangle_offset, m.vertex_count, m.triangle_count]);
    report(&format!("{name}, meshlets"), &index_bytes(&numbers.collect::<Vec<_>>()));
    report(&format!("{name}, meshlets' vertices"), &index_bytes(&corners));
    report(&format!("{name}, meshlets' triangles"), &triangles);
}

/// Triangles may come back rotated, but not in another order.
fn rotated(indices: &[u32]) -> Vec<[u32; 3]> {
    let triangles = indices.as_chunks().0.iter();
    triangles
        .map(|&[a, b, c]: &[u32; 3]| match a.min(b).min(c) {
            least if least == a => [a, b, c],
            least if least == b => [b, c, a],
            _ => [c, a, b],
        })
        .collect()
}

fn code(mesh: &Mesh, name: &str) -> Result<()> {
    let Mesh { indices, vertices } = mesh;
    let mut decoded =
        Mesh { indices: vec![0; indices.len()], vertices: vec![Vertex::default(); vertices.len()] };
    // SAFETY: the buffers are as large as is said
    unsafe {
        let mut buffer = vec![0; meshopt_encodeIndexBufferBound(indices.len(), vertices.len())];
        let (to, size) = (buffer.as_mut_ptr(), buffer.len());
        let size = meshopt_encodeIndexBuffer(to, size, indices.as_ptr(), indices.len());
        report(&format!("{name}, encoded indices"), &buffer[..size]);
        let to = decoded.indices.as_mut_ptr();
        match meshopt_decodeIndexBuffer(to, indices.len(), 4, buffer.as_ptr(), size) {
            0 => {}
            code => return Err(format!("{name}: indices not decoded: {code}")),
        }
        let mut buffer = vec![0; meshopt_encodeVertexBufferBound(vertices.len(), VERTEX_SIZE)];
        let (to, size) = (buffer.as_mut_ptr(), buffer.len());
        let (source, count) = (vertices.as_ptr(), vertices.len());
        let size = meshopt_encodeVertexBuffer(to, size, source, count, VERTEX_SIZE);
        report(&format!("{name}, encoded vertices"), &buffer[..size]);
        let to = decoded.vertices.as_mut_ptr();
        match meshopt_decodeVertexBuffer(to, count, VERTEX_SIZE, buffer.as_ptr(), size) {
            0 => {}
            code => return Err(format!("{name}: vertices not decoded: {code}")),
        }
    }
    report(&format!("{name}, decoded indices"), &index_bytes(&decoded.indices));
    let same = rotated(indices) == rotated(&decoded.indices)
        && vertex_bytes(vertices) == vertex_bytes(&decoded.vertices);
    if same { Ok(()) } else { Err(format!("{name}: another after decoding")) }
}

/// Blocks that meshoptimizer had of Rust's allocator, and those that it gave back.
static BLOCKS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
/// Each block is preceded by its size.
const HEADER: usize = 16;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size + HEADER, HEADER).expect("a size that fits")
}

extern "C" fn allocate(size: usize) -> *mut c_void {
    BLOCKS[0].fetch_add(1, Ordering::Relaxed);
    // SAFETY: the size is not 0, and the block is large enough for its header
    unsafe {
        let block = alloc::alloc(layout(size));
        block.cast::<usize>().write(size);
        block.add(HEADER).cast()
    }
}

extern "C" fn deallocate(block: *mut c_void) {
    BLOCKS[1].fetch_add(1, Ordering::Relaxed);
    // SAFETY: the block comes from `allocate`
    unsafe {
        let block = block.cast::<u8>().sub(HEADER);
        let size = block.cast::<usize>().read();
        alloc::dealloc(block, layout(size));
    }
}

fn run(side: usize) -> Result<()> {
    let soup = Mesh::grid(side);
    let name = format!("{side} x {side}");
    soup.report(&name);
    let indexed = index(&soup);
    indexed.report(&format!("{name}, indexed"));
    let mesh = optimise(&indexed, &name);
    mesh.report(&format!("{name}, optimised"));
    for (divisor, options) in [(2, 0), (4, 1), (20, 0), (20, 1 << 3 | 1 << 4)] {
        simplify(&mesh, &name, divisor, options);
    }
    meshlets(&mesh, &name);
    code(&mesh, &name)?;
    code(&indexed, &format!("{name}, not optimised"))
}

#[unsafe(no_mangle)]
extern "C" fn test() -> c_int {
    for (side, own) in [(0, false), (1, false), (7, false), (90, false), (60, true)] {
        if own {
            // SAFETY: the two fit each other, and nothing is allocated now
            unsafe { meshopt_setAllocator(allocate, deallocate) };
        }
        if let Err(message) = run(side) {
            print(message);
            return 1;
        }
    }
    let [allocated, freed] = BLOCKS.each_ref().map(|count| count.load(Ordering::Relaxed));
    print(format!("{allocated} blocks of Rust's, {freed} given back"));
    42
}

#[cfg(not(target_family = "wasm"))]
fn main() {
    print(test().to_string());
}
