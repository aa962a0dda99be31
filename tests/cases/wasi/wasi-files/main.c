// Target: wasm32-wasi
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct stat status;
    if (argc != 2 || stat("data/main.c", &status)) {
        perror(argv[0]);
        return 1;
    }
    printf("regular %d, larger than 100 bytes %d\n", S_ISREG(status.st_mode), status.st_size > 100);

    int file = open("data/new.txt", O_WRONLY | O_CREAT | O_EXCL, 0644);
    printf("written %zd\n", write(file, argv[1], strlen(argv[1])));
    close(file);
    file = open("data/new.txt", O_RDWR | O_APPEND);
    write(file, "!", 1);
    printf("end %lld\n", (long long)lseek(file, 0, SEEK_END));
    char text[16] = {0};
    pread(file, text, sizeof text - 1, 0);
    close(file);
    printf("read %s\n", text);

    DIR *folder = opendir("data");
    int found = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        found += entry->d_type == DT_REG && strcmp(entry->d_name, "new.txt") == 0;
    }
    closedir(folder);
    printf("found %d\n", found);
    return unlink("data/new.txt");
}
