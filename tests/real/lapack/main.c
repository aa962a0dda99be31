// Solves equations and multiplies matrices with LAPACK and BLAS. Fortran stores matrices by column,
// takes all arguments by address, and the lengths of texts after the others.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void dgesv_(const int *n, const int *columns, double *a, const int *stride_a, int *pivots,
            double *b, const int *stride_b, int *info);
void dsyev_(const char *job, const char *half, const int *n, double *a, const int *stride,
            double *values, double *work, const int *size, int *info, size_t job_length,
            size_t half_length);
void dgemm_(const char *form_a, const char *form_b, const int *rows, const int *columns,
            const int *inner, const double *alpha, const double *a, const int *stride_a,
            const double *b, const int *stride_b, const double *beta, double *c,
            const int *stride_c, size_t form_a_length, size_t form_b_length);

// LAPACK calls it if an argument is wrong. R defines it, so these libraries do not.
void xerbla_(const char *routine, const int *argument, size_t length) {
    printf("%.*s: argument %d is wrong\n", (int)length, routine, *argument);
}

static void solve(void) {
    double a[] = {2, 1, 0, 1, 3, 1, 0, 1, 4};
    double b[] = {4, 10, 14};
    int n = 3, columns = 1, info = -1, pivots[3];
    dgesv_(&n, &columns, a, &n, pivots, b, &n, &info);
    printf("dgesv: %d, x = %.9f %.9f %.9f\n", info, b[0], b[1], b[2]);
    double singular[] = {1, 2, 2, 4};
    n = 2;
    dgesv_(&n, &columns, singular, &n, pivots, b, &n, &info);
    printf("dgesv of a singular matrix: %d\n", info);
    n = -1;
    dgesv_(&n, &columns, a, &n, pivots, b, &n, &info);
    printf("dgesv of a wrong size: %d\n", info);
}

// Solves many equations whose solution is known, so that LAPACK works in blocks.
static void solve_many(void) {
    enum { N = 200 };
    double *a = malloc(N * N * sizeof *a), *b = calloc(N, sizeof *b);
    int n = N, columns = 1, info = -1, *pivots = malloc(N * sizeof *pivots);
    unsigned seed = 1;
    for (int i = 0; i < N * N; i++) {
        seed = seed * 1664525 + 1013904223;
        a[i] = (seed >> 8) / (double)(1 << 24) + (i % (N + 1) == 0 ? N : 0);
    }
    for (int column = 0; column < N; column++) {
        for (int row = 0; row < N; row++) {
            b[row] += a[row + column * N] * (column + 1);
        }
    }
    dgesv_(&n, &columns, a, &n, pivots, b, &n, &info);
    double worst = 0;
    for (int i = 0; i < N; i++) {
        worst = fmax(worst, fabs(b[i] - (i + 1)));
    }
    printf("dgesv of %d: %d, %s\n", N, info, worst < 1e-9 ? "right" : "wrong");
    free(a);
    free(b);
    free(pivots);
}

static void multiply(void) {
    double a[] = {1, 4, 2, 5, 3, 6}, b[] = {1, 0, -1, 2, 1, 0}, c[] = {1, 1, 1, 1};
    int two = 2, three = 3;
    double alpha = 2, beta = -1;
    dgemm_("N", "N", &two, &two, &three, &alpha, a, &two, b, &three, &beta, c, &two, 1, 1);
    printf("dgemm: %g %g / %g %g\n", c[0], c[2], c[1], c[3]);
    dgemm_("T", "T", &two, &two, &three, &alpha, b, &three, a, &two, &beta, c, &two, 1, 1);
    printf("dgemm of transposed matrices: %g %g / %g %g\n", c[0], c[2], c[1], c[3]);
}

static void find_eigenvalues(void) {
    double a[] = {2, 0, 0, 1, 2, 0, 0, 1, 2}, values[3], work[64];
    int n = 3, size = 64, info = -1;
    dsyev_("N", "U", &n, a, &n, values, work, &size, &info, 1, 1);
    printf("dsyev: %d, %.9f %.9f %.9f\n", info, values[0], values[1], values[2]);
}

int main(void) {
    solve();
    solve_many();
    multiply();
    find_eigenvalues();
    return 0;
}
