// `mmap` of files. A host cannot fill pages on demand, so a mapping is allocated memory into which
// the file is read.
//
// Writes to a private mapping stay in memory. Writes to a shared mapping would have to reach the
// file even after the program has closed it, and WASI cannot keep a file open. So writable shared
// mappings are refused: otherwise, what the program writes would be lost. libc handles `mmap`
// without a file.

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime.h"

// Emscripten's libc frees mappings with these, not with the program's own `free`.
void *emscripten_builtin_memalign(size_t alignment, size_t size);
void emscripten_builtin_free(void *memory);

static const size_t PAGE = 65536;

// Checks the arguments of `mmap`. Returns 0, or a negated errno.
static int check(int fd, size_t length, int prot, int flags) {
    __wasi_fdstat_t stat;
    __wasi_errno_t error = __wasi_fd_fdstat_get(fd, &stat);
    if (error) {
        return outcome(error);
    }
    int sharing = flags & MAP_TYPE;
    if (!length || (sharing != MAP_PRIVATE && sharing != MAP_SHARED)) {
        return -EINVAL;
    }
    if (stat.fs_filetype != __WASI_FILETYPE_REGULAR_FILE) {
        return -ENODEV;
    }
    if (!(stat.fs_rights_base & __WASI_RIGHTS_FD_READ)) {
        return -EACCES;
    }
    bool writes_back = sharing == MAP_SHARED && prot & PROT_WRITE;
    // A mapping cannot be placed at an address that the program chooses.
    return writes_back ? -ENODEV : flags & MAP_FIXED ? -ENOMEM : 0;
}

// Reads the file from `offset` on, and fills the rest with zeros. Returns 0, or a negated errno.
static int fill(uint8_t *to, size_t length, int fd, __wasi_filesize_t offset) {
    size_t done = 0, count;
    do {
        __wasi_iovec_t rest = {.buf = to + done, .buf_len = length - done};
        __wasi_errno_t error = __wasi_fd_pread(fd, &rest, 1, offset + done, &count);
        if (error) {
            return outcome(error);
        }
        done += count;
    } while (count && done < length);
    memset(to + done, 0, length - done);
    return 0;
}

static int map(size_t length, int prot, int flags, int fd, __wasi_filesize_t offset, void **out) {
    int error = check(fd, length, prot, flags);
    if (error) {
        return error;
    }
    // Programs may read zeros after the end of a file, up to the end of the page.
    size_t size = (length + PAGE - 1) / PAGE * PAGE;
    void *memory = size ? emscripten_builtin_memalign(PAGE, size) : NULL;
    if (!memory) {
        return -ENOMEM;
    }
    error = fill(memory, size, fd, offset);
    if (error) {
        emscripten_builtin_free(memory);
        return error;
    }
    *out = memory;
    return 0;
}

// Emscripten's libc calls these functions. It keeps the list of mappings, and frees their memory.
#if EMSCRIPTEN_BEFORE(3, 1, 9)
void *emscripten_builtin_mmap(void *, size_t, int, int, int, off_t);

// Emscripten's own `mmap` keeps only 32 bits of the offset.
void *mmap(void *start, size_t length, int prot, int flags, int fd, off_t offset) {
    if (offset > UINT32_MAX && !(flags & MAP_ANONYMOUS)) {
        errno = EOVERFLOW;
        return MAP_FAILED;
    }
    return emscripten_builtin_mmap(start, length, prot, flags, fd, offset);
}

long _mmap_js(long, long length, long prot, long flags, long fd, long offset, int *allocated) {
    void *memory;
    // Offsets are not negative: a negative number is an offset in the upper half of 32 bits.
    int error = map(length, prot, flags, fd, (unsigned long)offset, &memory);
    *allocated = !error;
    return error ? error : (long)memory;
}

long _munmap_js(long, long, long, long, long, long) {
    return 0;
}

long _msync_js(long, long, long, long) {
    return 0;
}
#else
int _mmap_js(size_t length, int prot, int flags, int fd, off_t offset, int *allocated, void **out) {
    int error = map(length, prot, flags, fd, offset, out);
    *allocated = !error;
    return error;
}

int _munmap_js(intptr_t, size_t, int, int, int, off_t) {
    return 0;
}

int _msync_js(intptr_t, size_t, int, int, int, off_t) {
    return 0;
}
#endif
