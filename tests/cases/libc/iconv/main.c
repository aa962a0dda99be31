// `iconv` converts between character sets, whose tables are in a separate library.
#include <emscripten/em_macros.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

static int convert(const char *to, const char *from, const char *text) {
    char out[64] = "";
    char *in = (char *)text, *end = out;
    size_t left = strlen(text), room = sizeof out - 1;
    iconv_t conversion = iconv_open(to, from);
    if (conversion == (iconv_t)-1) {
        return errno;
    }
    size_t result = iconv(conversion, &in, &left, &end, &room);
    int error = result == (size_t)-1 ? errno : 0;
    iconv_close(conversion);
    printf("%s to %s: %s\n", from, to, out);
    return error;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    int failed = convert("UTF-8", "ISO-8859-1", "Gr\xfc\xdf" "e");
    failed |= convert("UTF-8", "EUC-JP", "\xc6\xfc\xcb\xdc");
    failed |= convert("UTF-8", "GB18030", "\xd6\xd0\xce\xc4");
    failed |= convert("UTF-8", "no such set", "") != EINVAL;
    failed |= convert("UTF-8", "UTF-8", "\xff") != EILSEQ;
    return failed ? 1 : 42;
}
