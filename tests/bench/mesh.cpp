// meshoptimizer optimises, simplifies and encodes a generated mesh.

#include "bench.h"

#include <meshoptimizer.h>

#include <vector>

namespace {

struct Vertex {
    float x, y, z;
};

struct Mesh {
    std::vector<unsigned> indices;
    std::vector<Vertex> vertices;
};

// A grid with a rough surface, its triangles in no order.
Mesh generate(uint32_t side) {
    Mesh mesh;
    uint64_t state = 1;
    for (uint32_t y = 0; y <= side; y++)
        for (uint32_t x = 0; x <= side; x++)
            mesh.vertices.push_back({float(x), float(y), float(next_random(&state) % 1024) / 1024});
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            unsigned corner = y * (side + 1) + x, below = corner + side + 1;
            for (unsigned index : {corner, corner + 1, below, below, corner + 1, below + 1})
                mesh.indices.push_back(index);
        }
    for (size_t left = mesh.indices.size() / 3; left > 1; left--) {
        size_t other = next_random(&state) % left;
        for (size_t i = 0; i < 3; i++)
            std::swap(mesh.indices[3 * (left - 1) + i], mesh.indices[3 * other + i]);
    }
    return mesh;
}

template <typename T>
uint32_t hash(uint32_t hash, const std::vector<T>& values) {
    return hash_bytes(hash, values.data(), uint32_t(values.size() * sizeof(T)), 61);
}

}  // namespace

BENCH optimise(uint32_t side) {
    static Mesh original;
    if (original.indices.empty()) original = generate(side);
    Mesh mesh = original;
    auto& [indices, vertices] = mesh;
    size_t count = indices.size();
    const size_t stride = sizeof(Vertex);
    meshopt_optimizeVertexCache(indices.data(), indices.data(), count, vertices.size());
    meshopt_optimizeOverdraw(indices.data(), indices.data(), count, &vertices[0].x, vertices.size(),
                             stride, 1.05f);
    meshopt_optimizeVertexFetch(vertices.data(), indices.data(), count, vertices.data(),
                                vertices.size(), stride);
    uint32_t result = hash(hash(0, indices), vertices);

    std::vector<unsigned> simple(count);
    float error = 0;
    simple.resize(meshopt_simplify(simple.data(), indices.data(), count, &vertices[0].x,
                                   vertices.size(), stride, count / 4, 0.5f, 0, &error));
    result = hash(result, simple);

    std::vector<unsigned char> encoded(meshopt_encodeVertexBufferBound(vertices.size(), stride));
    encoded.resize(meshopt_encodeVertexBuffer(encoded.data(), encoded.size(), vertices.data(),
                                              vertices.size(), stride));
    result = hash(result, encoded);
    std::vector<Vertex> decoded(vertices.size());
    int failed = meshopt_decodeVertexBuffer(decoded.data(), decoded.size(), stride, encoded.data(),
                                            encoded.size());
    return hash(result + uint32_t(failed), decoded);
}
