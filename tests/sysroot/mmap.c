// Uses `mmap` with files; runs in the folder of this program.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *map(const char *what, size_t length, int prot, int flags, int fd, off_t offset) {
    char *memory = mmap(NULL, length, prot, flags, fd, offset);
    printf("%s: %s\n", what, memory == MAP_FAILED ? strerror(errno) : "mapped");
    return memory == MAP_FAILED ? NULL : memory;
}

static int new_file(void) {
    int fd = open("lines", O_RDWR | O_CREAT | O_TRUNC, 0644);
    for (int i = 0; i < 10000; i++) {
        dprintf(fd, "%09d\n", i);
    }
    return fd;
}

static void read_and_write(int fd) {
    char *p = map("private", 100000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (p) {
        printf("%.9s to %.9s\n", p, p + 99990);
        p[0] = 'x';
        printf("munmap: %d\n", munmap(p, 100000));
    }
    char text[4] = {0};
    pread(fd, text, 3, 0);
    printf("the file still begins with %s\n", text);
}

static void read_a_part(int fd) {
    char *p = map("shared, from an offset on", 2000, PROT_READ, MAP_SHARED, fd, 98304);
    if (p) {
        printf("%.9s, then %d and %d\n", p + 6, p[1695], p[1696]);
        int synced = msync(p, 2000, MS_SYNC);
        int unmapped = munmap(p, 2000);
        printf("msync: %d, munmap: %d, again: %d\n", synced, unmapped, munmap(p, 2000));
    }
    p = map("behind the end", 10, PROT_READ, MAP_PRIVATE, fd, 1 << 20);
    if (p) {
        printf("%d\n", p[0]);
    }
}

static void errors(int fd) {
    map("shared, to be written", 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    map("nothing", 0, PROT_READ, MAP_PRIVATE, fd, 0);
    map("neither private nor shared", 10, PROT_READ, 0, fd, 0);
    map("an offset within a page", 10, PROT_READ, MAP_PRIVATE, fd, 1);
    map("an offset of 4 GiB", 10, PROT_READ, MAP_PRIVATE, fd, 1LL << 32);
    map("no file", 10, PROT_READ, MAP_PRIVATE, 77, 0);
    map("a directory", 10, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY | O_DIRECTORY), 0);
    map("not open for reading", 10, PROT_READ, MAP_PRIVATE, open("lines", O_WRONLY), 0);
    map("more than there is", 0x7ffffffe, PROT_READ, MAP_PRIVATE, fd, 0);
}

static void without_a_file(void) {
    char *p = map("no file", 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p) {
        p[99] = 1;
        printf("%d, munmap: %d\n", p[0], munmap(p, 100));
    }
}

static void often(int fd) {
    for (int i = 0; i < 20000; i++) {
        char *p = mmap(NULL, 500000, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED || munmap(p, 500000)) {
            printf("the %dth time: %s\n", i, strerror(errno));
            return;
        }
    }
    puts("memory is given back");
}

__attribute__((used, visibility("default"))) int test(void) {
    int fd = new_file();
    read_and_write(fd);
    read_a_part(fd);
    errors(fd);
    without_a_file();
    often(fd);
    return 0;
}
