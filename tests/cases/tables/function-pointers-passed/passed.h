// What the library defines.
#include <stdint.h>

typedef void integer_function(int);
typedef float float_function(float);
typedef int64_t wide_function(int64_t);

integer_function *call_and_return(integer_function *function);
float call_with_float(float_function *function);
int64_t call_with_wide(wide_function *function);
int32_t first_of_three(int32_t a, int32_t b, int32_t c);
int64_t last_of_three(int32_t a, int32_t b, int32_t c);
int (*address_of_abs(void))(int);
