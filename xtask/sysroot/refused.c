// Functions for which WASI has no equivalent. Each returns an error.

#define _GNU_SOURCE
#include <netdb.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "runtime.h"

// System calls

#define REFUSED(error, name, ...)                                                                  \
    int __syscall_##name(__VA_ARGS__) {                                                            \
        return -(error);                                                                           \
    }

// WASI can move an open file to another number, but cannot give it two numbers.
REFUSED(ENOSYS, dup, int)
REFUSED(ENOSYS, dup3, int, int, int)
REFUSED(ENOSYS, pipe, int *)
REFUSED(ENOSYS, pipe2, int *, int)
REFUSED(ENOSYS, epoll_create1, int)
REFUSED(ENOSYS, epoll_ctl, int, int, int, void *)
REFUSED(ENOSYS, epoll_pwait, int, void *, int, int, const void *, size_t)
REFUSED(ENOSYS, _newselect, int, void *, void *, void *, void *)
// There are no child processes.
REFUSED(ECHILD, wait4, pid_t, int *, int, void *)
// The path of an open directory is not known.
REFUSED(ENOSYS, fchdir, int)
REFUSED(ENOSYS, statfs64, const char *, size_t, void *)
REFUSED(ENOSYS, fstatfs64, int, size_t, void *)
// Everything belongs to one user, with the number 0.
REFUSED(0, getuid32, void)
REFUSED(0, geteuid32, void)
REFUSED(0, getgid32, void)
REFUSED(0, getegid32, void)
REFUSED(EPERM, chown32, const char *, uid_t, gid_t)
REFUSED(EPERM, lchown32, const char *, uid_t, gid_t)
REFUSED(EPERM, fchown32, int, uid_t, gid_t)
REFUSED(EPERM, fchownat, int, const char *, uid_t, gid_t, int)
REFUSED(EPERM, mknod, const char *, mode_t, dev_t)
REFUSED(EPERM, mknodat, int, const char *, mode_t, dev_t)

// Sockets

#define REFUSED_SOCKET(type, name, ...)                                                            \
    type name(__VA_ARGS__) {                                                                       \
        errno = ENOSYS;                                                                            \
        return -1;                                                                                 \
    }

typedef struct sockaddr *restrict address;
typedef const struct sockaddr *const_address;

REFUSED_SOCKET(int, accept, int, address, socklen_t *restrict)
REFUSED_SOCKET(int, accept4, int, address, socklen_t *restrict, int)
REFUSED_SOCKET(int, bind, int, const_address, socklen_t)
REFUSED_SOCKET(int, connect, int, const_address, socklen_t)
REFUSED_SOCKET(int, getpeername, int, address, socklen_t *restrict)
REFUSED_SOCKET(int, getsockname, int, address, socklen_t *restrict)
REFUSED_SOCKET(int, getsockopt, int, int, int, void *restrict, socklen_t *restrict)
REFUSED_SOCKET(int, listen, int, int)
REFUSED_SOCKET(ssize_t, recv, int, void *, size_t, int)
REFUSED_SOCKET(ssize_t, recvfrom, int, void *restrict, size_t, int, address, socklen_t *restrict)
REFUSED_SOCKET(int, recvmmsg, int, struct mmsghdr *, unsigned, unsigned, struct timespec *)
REFUSED_SOCKET(ssize_t, recvmsg, int, struct msghdr *, int)
REFUSED_SOCKET(ssize_t, send, int, const void *, size_t, int)
REFUSED_SOCKET(int, sendmmsg, int, struct mmsghdr *, unsigned, unsigned)
REFUSED_SOCKET(ssize_t, sendmsg, int, const struct msghdr *, int)
REFUSED_SOCKET(ssize_t, sendto, int, const void *, size_t, int, const_address, socklen_t)
REFUSED_SOCKET(int, setsockopt, int, int, int, const void *, socklen_t)
REFUSED_SOCKET(int, shutdown, int, int)
REFUSED_SOCKET(int, socket, int, int, int)
REFUSED_SOCKET(int, socketpair, int, int, int, int *)

int getaddrinfo(const char *restrict, const char *restrict, const struct addrinfo *restrict,
                struct addrinfo **restrict) {
    return EAI_FAIL;
}

// `getaddrinfo` never returns anything to free.
void freeaddrinfo(struct addrinfo *) {
}

int getnameinfo(const_address restrict, socklen_t, char *restrict, socklen_t, char *restrict,
                socklen_t, int) {
    return EAI_FAIL;
}

struct hostent *gethostbyname(const char *) {
    h_errno = NO_RECOVERY;
    return NULL;
}

struct hostent *gethostbyaddr(const void *, socklen_t, int) {
    return gethostbyname(NULL);
}

// Other programs

// Without a command, this asks whether there is a shell.
int system(const char *command) {
    if (!command) {
        return 0;
    }
    errno = ENOSYS;
    return -1;
}

int getloadavg(double *, int) {
    return -1;
}

// Processes share no memory, and so no semaphores with names.
sem_t *sem_open(const char *, int, ...) {
    errno = ENOSYS;
    return SEM_FAILED;
}

int sem_close(sem_t *) {
    errno = EINVAL;
    return -1;
}

int sem_unlink(const char *) {
    errno = ENOENT;
    return -1;
}

#if !EMSCRIPTEN_BEFORE(3, 1, 42)
// Would send a signal after some time.
int _setitimer_js(int, double) {
    errno = ENOSYS;
    return -1;
}

// Returns the address of a host, or 0 if it is unknown.
uint32_t _emscripten_lookup_name(const char *) {
    return 0;
}

// There is no shell. A program that gives no command asks for that.
int _emscripten_system(const char *command) {
    return command ? -1 : 0;
}

// JavaScript can keep a program alive. Here, nothing does.
void _emscripten_runtime_keepalive_clear(void) {}
#endif
