#include "measure/fits.h"

#include <math.h>

double karp_flatt(double speedup, double threads) {
    return threads > 1 ? (1 / speedup - 1 / threads) / (1 - 1 / threads) : NAN;
}

double amdahl_speedup(double serial_fraction, double threads) {
    return 1 / (serial_fraction + (1 - serial_fraction) / threads);
}

double amdahl_limit(double serial_fraction) {
    return serial_fraction > 0 ? 1 / serial_fraction : INFINITY;
}

double gustafson_speedup(double serial_fraction, double threads) {
    return threads - serial_fraction * (threads - 1);
}

/* Different counts of threads among the points. */
static size_t count_counts(const struct scaling_point *points, size_t n) {
    size_t counts = 0;
    for (size_t i = 0; i < n; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = points[j].threads == points[i].threads;
        counts += !seen;
    }
    return counts;
}

/* A model whose relative distance from a point is slope * f - offset. */
struct line {
    double slope, offset;
};

/* Times: S (f + (1 - f) / p) - 1 = S (1 - 1/p) f - (1 - S/p). */
static struct line amdahl_line(struct scaling_point point) {
    return (struct line){point.speedup * (1 - 1 / point.threads),
                         1 - point.speedup / point.threads};
}

/* Scaled speedups: (p - f (p - 1)) / S - 1, with the sign of f turned. */
static struct line gustafson_line(struct scaling_point point) {
    return (struct line){(point.threads - 1) / point.speedup, point.threads / point.speedup - 1};
}

static struct fit fit_line(const struct scaling_point *points, size_t n,
                           struct line (*line_of)(struct scaling_point)) {
    struct fit fit = {.n_counts = count_counts(points, n)};
    if (fit.n_counts < FIT_LEAST_POINTS)
        return fit;
    double products = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        struct line line = line_of(points[i]);
        products += line.slope * line.offset;
        squares += line.slope * line.slope;
    }
    fit.fitted = true;
    fit.unbounded = products / squares; /* squares > 0: three counts at least are not 1 */
    fit.serial_fraction = fmin(fmax(fit.unbounded, 0), 1);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        struct line line = line_of(points[i]);
        double distance = line.slope * fit.serial_fraction - line.offset;
        sum += distance * distance;
    }
    fit.residual = sqrt(sum / (double)n);
    return fit;
}

struct fit fit_amdahl(const struct scaling_point *points, size_t n) {
    return fit_line(points, n, amdahl_line);
}

struct fit fit_gustafson(const struct scaling_point *points, size_t n) {
    return fit_line(points, n, gustafson_line);
}
