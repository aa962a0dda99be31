// The system calls for files and directories. Emscripten's libc itself calls WASI to read, write
// and close; of these, only `writev` is here.

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <wasi/wasi-helpers.h>

#include "runtime.h"

// WASI has no permissions. Every file has those that are usual for its type.
static mode_t file_mode(__wasi_filetype_t type) {
    switch (type) {
    case __WASI_FILETYPE_BLOCK_DEVICE:
        return S_IFBLK | 0644;
    case __WASI_FILETYPE_CHARACTER_DEVICE:
        return S_IFCHR | 0644;
    case __WASI_FILETYPE_DIRECTORY:
        return S_IFDIR | 0755;
    case __WASI_FILETYPE_REGULAR_FILE:
        return S_IFREG | 0644;
    case __WASI_FILETYPE_SOCKET_DGRAM:
    case __WASI_FILETYPE_SOCKET_STREAM:
        return S_IFSOCK | 0644;
    case __WASI_FILETYPE_SYMBOLIC_LINK:
        return S_IFLNK | 0777;
    default:
        return 0644;
    }
}

// Directory listings
//
// On Unix, the position in the list of a directory's entries is the file offset. WASI does not
// store it, so this file does.

struct directory {
    int fd;
    __wasi_dircookie_t next_entry;
    struct directory *next;
};

static struct directory *directories;

// Returns the link to the directory that is open as `fd`, or the end of the list.
static struct directory **find_directory(int fd) {
    struct directory **place = &directories;
    while (*place && (*place)->fd != fd) {
        place = &(*place)->next;
    }
    return place;
}

// Returns the directory that is open as `fd`. If it was not read before, its position is the start.
static struct directory *directory_of(int fd) {
    struct directory **place = find_directory(fd);
    if (!*place && (*place = malloc(sizeof **place))) {
        **place = (struct directory){fd, __WASI_DIRCOOKIE_START, NULL};
    }
    return *place;
}

// Forgets the directory that had this number before: it was closed, and `close` does not call this
// file.
static void forget_directory(int fd) {
    struct directory **place = find_directory(fd), *closed = *place;
    if (closed) {
        *place = closed->next;
        free(closed);
    }
}

// Converts entries from WASI's form to that of Unix, as many as fit. Returns their size.
static size_t copy_entries(struct directory *directory, const uint8_t *from, size_t size, char *to,
                           size_t room) {
    size_t copied = 0;
    __wasi_dirent_t entry;
    while (size >= sizeof entry) {
        memcpy(&entry, from, sizeof entry);
        size_t total = sizeof entry + entry.d_namlen;
        size_t align = _Alignof(struct dirent);
        size_t length = (offsetof(struct dirent, d_name) + entry.d_namlen + align) / align * align;
        if (total > size || length > room - copied) {
            break;
        }
        struct dirent *out = (struct dirent *)(to + copied);
        out->d_ino = entry.d_ino;
        out->d_off = directory->next_entry = entry.d_next;
        out->d_reclen = length;
        out->d_type = IFTODT(file_mode(entry.d_type));
        memcpy(out->d_name, from + sizeof entry, entry.d_namlen);
        out->d_name[entry.d_namlen] = '\0';
        copied += length;
        from += total;
        size -= total;
    }
    return copied;
}

int __syscall_getdents64(int fd, void *entries, size_t room) {
    struct directory *directory = directory_of(fd);
    if (!directory) {
        return -ENOMEM;
    }
    uint8_t buffer[4096]; // holds at least one entry
    size_t size;
    __wasi_dircookie_t next = directory->next_entry;
    __wasi_errno_t error = __wasi_fd_readdir(fd, buffer, sizeof buffer, next, &size);
    if (error) {
        forget_directory(fd);
        return outcome(error);
    }
    size_t copied = copy_entries(directory, buffer, size, entries, room);
    return size && !copied ? -EINVAL : (int)copied;
}

off_t lseek(int fd, off_t offset, int whence) {
    struct directory *directory = *find_directory(fd);
    if (directory && whence == SEEK_SET) {
        return directory->next_entry = offset;
    }
    __wasi_filesize_t place;
    __wasi_errno_t error = __wasi_fd_seek(fd, offset, whence, &place);
    if (error) {
        errno = error;
        return -1;
    }
    return place;
}

// Open files

int __syscall_openat(int fd, const char *path, int flags, ...) {
    const __wasi_rights_t read = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR;
    const __wasi_rights_t write = __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_DATASYNC |
                                  __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE;

    LOCATE(place, fd, path);
    __wasi_fdstat_t directory;
    __wasi_errno_t error = __wasi_fd_fdstat_get(place.fd, &directory);
    if (error) {
        return outcome(error);
    }
    __wasi_rights_t rights = directory.fs_rights_inheriting;
    rights &= (flags & O_ACCMODE) == O_WRONLY ? ~read : ~(__wasi_rights_t)0;
    rights &= (flags & O_ACCMODE) == O_RDONLY ? ~write : ~(__wasi_rights_t)0;
    __wasi_oflags_t how = (flags & O_CREAT ? __WASI_OFLAGS_CREAT : 0) |
                          (flags & O_DIRECTORY ? __WASI_OFLAGS_DIRECTORY : 0) |
                          (flags & O_EXCL ? __WASI_OFLAGS_EXCL : 0) |
                          (flags & O_TRUNC ? __WASI_OFLAGS_TRUNC : 0);
    __wasi_fdflags_t mode = (flags & O_APPEND ? __WASI_FDFLAGS_APPEND : 0) |
                            (flags & O_NONBLOCK ? __WASI_FDFLAGS_NONBLOCK : 0) |
                            (flags & O_DSYNC ? __WASI_FDFLAGS_DSYNC : 0) |
                            ((flags & O_SYNC) == O_SYNC ? __WASI_FDFLAGS_SYNC : 0);
    __wasi_fd_t opened;
    error = __wasi_path_open(place.fd, follow_links(!(flags & O_NOFOLLOW)), place.path,
                             strlen(place.path), how, rights, directory.fs_rights_inheriting, mode,
                             &opened);
    if (error) {
        return outcome(error);
    }
    forget_directory(opened);
    return opened;
}

int __syscall_open(const char *path, int flags, ...) {
    return __syscall_openat(AT_FDCWD, path, flags);
}

static int status_flags(int fd) {
    __wasi_fdstat_t stat;
    __wasi_errno_t error = __wasi_fd_fdstat_get(fd, &stat);
    if (error) {
        return outcome(error);
    }
    bool read = stat.fs_rights_base & (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR);
    bool write = stat.fs_rights_base & __WASI_RIGHTS_FD_WRITE;
    return (!write ? O_RDONLY : read ? O_RDWR : O_WRONLY) |
           (stat.fs_flags & __WASI_FDFLAGS_APPEND ? O_APPEND : 0) |
           (stat.fs_flags & __WASI_FDFLAGS_NONBLOCK ? O_NONBLOCK : 0);
}

int __syscall_fcntl64(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    int result;
    switch (command) {
    case F_GETFD:
    case F_SETFD: // without `exec`, the flag has no effect
        result = status_flags(fd) < 0 ? -EBADF : 0;
        break;
    case F_GETFL:
        result = status_flags(fd);
        break;
    case F_SETFL: {
        int flags = va_arg(list, int);
        result = outcome(__wasi_fd_fdstat_set_flags(
            fd, (flags & O_APPEND ? __WASI_FDFLAGS_APPEND : 0) |
                    (flags & O_NONBLOCK ? __WASI_FDFLAGS_NONBLOCK : 0)));
        break;
    }
    case F_GETLK: // no other process can hold a lock
        va_arg(list, struct flock *)->l_type = F_UNLCK;
        result = 0;
        break;
    case F_SETLK:
    case F_SETLKW:
        result = 0;
        break;
    default:
        result = -EINVAL;
    }
    va_end(list);
    return result;
}

// The size of a terminal is unknown, which 0 stands for. `isatty` calls this to find out whether
// `fd` is a terminal.
int __syscall_ioctl(int fd, int request, ...) {
    __wasi_fdstat_t stat;
    __wasi_errno_t error = __wasi_fd_fdstat_get(fd, &stat);
    if (error) {
        return outcome(error);
    }
    if (stat.fs_filetype != __WASI_FILETYPE_CHARACTER_DEVICE || request != TIOCGWINSZ) {
        return -ENOTTY;
    }
    va_list list;
    va_start(list, request);
    *va_arg(list, struct winsize *) = (struct winsize){0};
    va_end(list);
    return 0;
}

static __wasi_subscription_t subscription(unsigned index, int fd, __wasi_eventtype_t type) {
    return (__wasi_subscription_t){
        .userdata = index,
        .type = type,
        .u.fd_readwrite.file_descriptor = fd,
    };
}

static short poll_event(const __wasi_event_t *event) {
    if (event->error) {
        return event->error == __WASI_ERRNO_BADF ? POLLNVAL : POLLERR;
    }
    return event->type == __WASI_EVENTTYPE_FD_READ ? POLLIN : POLLOUT;
}

int __syscall_poll(struct pollfd *files, unsigned count, int timeout) {
    __wasi_subscription_t *wanted = calloc(2 * count + 1, sizeof *wanted), *end = wanted;
    __wasi_event_t *events = calloc(2 * count + 1, sizeof *events);
    if (!wanted || !events) {
        free(wanted);
        free(events);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        files[i].revents = 0;
        if (files[i].fd >= 0 && files[i].events & POLLIN) {
            *end++ = subscription(i, files[i].fd, __WASI_EVENTTYPE_FD_READ);
        }
        if (files[i].fd >= 0 && files[i].events & POLLOUT) {
            *end++ = subscription(i, files[i].fd, __WASI_EVENTTYPE_FD_WRITE);
        }
    }
    if (timeout >= 0) {
        *end++ = (__wasi_subscription_t){
            .type = __WASI_EVENTTYPE_CLOCK,
            .u.clock = {.id = __WASI_CLOCKID_MONOTONIC, .timeout = timeout * UINT64_C(1000000)},
        };
    }
    size_t happened = 0;
    // A wait for no event is a wait for a signal. `pause` uses that.
    int result = end == wanted
                     ? -EINTR
                     : outcome(__wasi_poll_oneoff(wanted, events, end - wanted, &happened));
    for (const __wasi_event_t *event = events; event < events + happened; event++) {
        if (event->type != __WASI_EVENTTYPE_CLOCK) {
            short *revents = &files[event->userdata].revents;
            result += !*revents;
            *revents |= poll_event(event);
        }
    }
    free(wanted);
    free(events);
    return result;
}

int __syscall_poll_nonblocking(struct pollfd *files, unsigned count) {
    return __syscall_poll(files, count, 0);
}

int __syscall_fdatasync(int fd) {
    return outcome(__wasi_fd_datasync(fd));
}

// The form in which a 64-bit number is passed.
#if EMSCRIPTEN_BEFORE(3, 1, 9)
#define PARAMETER(name) uint32_t name##_low, uint32_t name##_high
#define ARGUMENT(name) (name##_low | (uint64_t)name##_high << 32)
#define __syscall_fadvise64 __syscall_fadvise64_64
#else
#define PARAMETER(name) uint64_t name
#define ARGUMENT(name) name
#endif

int __syscall_ftruncate64(int fd, PARAMETER(size)) {
    return outcome(__wasi_fd_filestat_set_size(fd, ARGUMENT(size)));
}

int __syscall_truncate64(const char *path, PARAMETER(size)) {
    int fd = __syscall_openat(AT_FDCWD, path, O_WRONLY);
    if (fd < 0) {
        return fd;
    }
    __wasi_errno_t error = __wasi_fd_filestat_set_size(fd, ARGUMENT(size));
    close(fd);
    return outcome(error);
}

int __syscall_fallocate(int fd, int mode, PARAMETER(offset), PARAMETER(size)) {
    return mode ? -EOPNOTSUPP : outcome(__wasi_fd_allocate(fd, ARGUMENT(offset), ARGUMENT(size)));
}

int __syscall_fadvise64(int fd, PARAMETER(offset), PARAMETER(size), int advice) {
    return outcome(__wasi_fd_advise(fd, ARGUMENT(offset), ARGUMENT(size), advice));
}

// Metadata

static int fill(struct stat *out, __wasi_errno_t error, const __wasi_filestat_t *stat) {
    if (error) {
        return outcome(error);
    }
    *out = (struct stat){
        .st_dev = stat->dev,
        .st_ino = stat->ino,
        .st_mode = file_mode(stat->filetype),
        .st_nlink = stat->nlink,
        .st_size = stat->size,
        .st_blksize = 4096,
        .st_blocks = (stat->size + 511) / 512,
        .st_atim = __wasi_timestamp_to_timespec(stat->atim),
        .st_mtim = __wasi_timestamp_to_timespec(stat->mtim),
        .st_ctim = __wasi_timestamp_to_timespec(stat->ctim),
    };
    return 0;
}

int __syscall_fstat64(int fd, struct stat *out) {
    __wasi_filestat_t stat;
    return fill(out, __wasi_fd_filestat_get(fd, &stat), &stat);
}

int __syscall_newfstatat(int fd, const char *path, struct stat *out, int flags) {
    if (!*path && flags & AT_EMPTY_PATH) {
        return __syscall_fstat64(fd, out);
    }
    LOCATE(place, fd, path);
    __wasi_lookupflags_t lookup = follow_links(!(flags & AT_SYMLINK_NOFOLLOW));
    __wasi_filestat_t stat;
    __wasi_errno_t error = __wasi_path_filestat_get(place.fd, lookup, place.path,
                                                    strlen(place.path), &stat);
    return fill(out, error, &stat);
}

int __syscall_fstatat64(int fd, const char *path, struct stat *out, int flags) {
    return __syscall_newfstatat(fd, path, out, flags);
}

int __syscall_stat64(const char *path, struct stat *out) {
    return __syscall_newfstatat(AT_FDCWD, path, out, 0);
}

int __syscall_lstat64(const char *path, struct stat *out) {
    return __syscall_newfstatat(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

// A program learns only by trying whether it may write or execute a file.
int __syscall_faccessat(int fd, const char *path, int, int flags) {
    struct stat stat;
    return __syscall_newfstatat(fd, path, &stat, flags & AT_SYMLINK_NOFOLLOW);
}

static __wasi_timestamp_t timestamp(const struct timespec *time) {
    return time->tv_sec * UINT64_C(1000000000) + time->tv_nsec;
}

static __wasi_fstflags_t set(const struct timespec *time, __wasi_fstflags_t given,
                             __wasi_fstflags_t now) {
    return time->tv_nsec == UTIME_NOW ? now : time->tv_nsec == UTIME_OMIT ? 0 : given;
}

int __syscall_utimensat(int fd, const char *path, const struct timespec *times, int flags) {
    static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    times = times ? times : now;
    __wasi_timestamp_t accessed = timestamp(&times[0]), modified = timestamp(&times[1]);
    __wasi_fstflags_t which = set(&times[0], __WASI_FSTFLAGS_ATIM, __WASI_FSTFLAGS_ATIM_NOW) |
                              set(&times[1], __WASI_FSTFLAGS_MTIM, __WASI_FSTFLAGS_MTIM_NOW);
    if (!path) {
        return outcome(__wasi_fd_filestat_set_times(fd, accessed, modified, which));
    }
    LOCATE(place, fd, path);
    __wasi_lookupflags_t lookup = follow_links(!(flags & AT_SYMLINK_NOFOLLOW));
    return outcome(__wasi_path_filestat_set_times(place.fd, lookup, place.path,
                                                  strlen(place.path), accessed, modified, which));
}

// Permissions can only be set to what they already are, as when a file is copied.
static int same_mode(int error, const struct stat *stat, mode_t mode) {
    return error ? error : (stat->st_mode & 07777) == (mode & 07777) ? 0 : -EPERM;
}

int __syscall_fchmod(int fd, mode_t mode) {
    struct stat stat;
    return same_mode(__syscall_fstat64(fd, &stat), &stat, mode);
}

int __syscall_fchmodat2(int fd, const char *path, mode_t mode, int flags) {
    struct stat stat;
    return same_mode(__syscall_newfstatat(fd, path, &stat, flags), &stat, mode);
}

int __syscall_fchmodat(int fd, const char *path, mode_t mode, ...) {
    return __syscall_fchmodat2(fd, path, mode, 0);
}

int __syscall_chmod(const char *path, mode_t mode) {
    return __syscall_fchmodat2(AT_FDCWD, path, mode, 0);
}

// The mask has no effect, since files have no permissions. It is stored for programs that read it.
mode_t __syscall_umask(mode_t mask) {
    static mode_t current = S_IWGRP | S_IWOTH;
    mode_t before = current;
    current = mask & 0777;
    return before;
}

// Changes to directories

int __syscall_mkdirat(int fd, const char *path, mode_t) {
    LOCATE(place, fd, path);
    return outcome(__wasi_path_create_directory(place.fd, place.path, strlen(place.path)));
}

int __syscall_mkdir(const char *path, mode_t mode) {
    return __syscall_mkdirat(AT_FDCWD, path, mode);
}

int __syscall_unlinkat(int fd, const char *path, int flags) {
    LOCATE(place, fd, path);
    size_t length = strlen(place.path);
    if (!(flags & AT_REMOVEDIR)) {
        return outcome(__wasi_path_unlink_file(place.fd, place.path, length));
    }
    // A slash at the end is redundant here, and some hosts reject it.
    while (length > 1 && place.path[length - 1] == '/') {
        length--;
    }
    return outcome(__wasi_path_remove_directory(place.fd, place.path, length));
}

int __syscall_unlink(const char *path) {
    return __syscall_unlinkat(AT_FDCWD, path, 0);
}

int __syscall_rmdir(const char *path) {
    return __syscall_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int __syscall_renameat(int from_fd, const char *from, int to_fd, const char *to) {
    LOCATE(old, from_fd, from);
    LOCATE(new, to_fd, to);
    return outcome(__wasi_path_rename(old.fd, old.path, strlen(old.path), new.fd, new.path,
                                      strlen(new.path)));
}

int __syscall_rename(const char *from, const char *to) {
    return __syscall_renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int __syscall_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags) {
    LOCATE(old, from_fd, from);
    LOCATE(new, to_fd, to);
    return outcome(__wasi_path_link(old.fd, follow_links(flags & AT_SYMLINK_FOLLOW), old.path,
                                    strlen(old.path), new.fd, new.path, strlen(new.path)));
}

int __syscall_link(const char *from, const char *to) {
    return __syscall_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int __syscall_symlinkat(const char *target, int fd, const char *path) {
    LOCATE(place, fd, path);
    return outcome(__wasi_path_symlink(target, strlen(target), place.fd, place.path,
                                       strlen(place.path)));
}

int __syscall_symlink(const char *target, const char *path) {
    return __syscall_symlinkat(target, AT_FDCWD, path);
}

int __syscall_readlinkat(int fd, const char *path, char *buffer, size_t size) {
    LOCATE(place, fd, path);
    size_t length;
    __wasi_errno_t error = __wasi_path_readlink(place.fd, place.path, strlen(place.path),
                                                (uint8_t *)buffer, size, &length);
    return error ? outcome(error) : (int)length;
}

int __syscall_readlink(const char *path, char *buffer, size_t size) {
    return __syscall_readlinkat(AT_FDCWD, path, buffer, size);
}

// A host may write only the first piece, and programs do not expect that of a file.
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        ssize_t written = write(fd, pieces[i].iov_base, pieces[i].iov_len);
        if (written < 0) {
            return total ? total : -1;
        }
        total += written;
        if ((size_t)written < pieces[i].iov_len) {
            break;
        }
    }
    return total;
}
