/* Preloaded before libc: counts what the process's main thread takes from the heap and gives back, in a file that others
 * may read meanwhile ($HD_MALLOC_COUNT, 8 bytes). Other threads' calls are not counted. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
static volatile uint64_t *calls;

__attribute__((constructor)) static void open_count(void) {
    const char *path = getenv("HD_MALLOC_COUNT");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *found = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    calls = found == MAP_FAILED ? NULL : found;
}

static inline void count(void) {
    if (calls != NULL && syscall(SYS_gettid) == getpid())
        ++*calls;
}

void *malloc(size_t size) { count(); return __libc_malloc(size); }
void *calloc(size_t items, size_t size) { count(); return __libc_calloc(items, size); }
void *realloc(void *old, size_t size) { count(); return __libc_realloc(old, size); }
void free(void *old) {
    if (old != NULL)
        count();
    __libc_free(old);
}
