#include "measure/picture_script.h"

#include <stdlib.h>

bool script_open(struct script *script, int height) {
    *script = (struct script){0};
    script->to = open_memstream(&script->text, &script->size);
    if (!script->to)
        return false;
    fprintf(script->to,
            "set terminal svg size %d,%d dynamic noenhanced font 'sans,13' linewidth 1\n"
            "set encoding utf8\nunset key\n"
            "set border 1 lc rgb '%s'\n"
            "set tics nomirror scale 0.4 textcolor rgb '%s'\nunset ytics\n",
            PICTURE_WIDTH, height, colour_code(COLOUR_GREY), colour_code(COLOUR_INK));
    return true;
}

void script_margins(FILE *to, int height, int left, int right, int top, int bottom) {
    fprintf(to,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            (double)left / PICTURE_WIDTH, 1 - (double)right / PICTURE_WIDTH,
            1 - (double)top / height, (double)bottom / height);
}

void script_words(FILE *to, int height, double x, double y, const char *side, const char *words) {
    fputs("set label ", to);
    gnuplot_quoted(to, words);
    fprintf(to, " at screen %.5f,%.5f %s front textcolor rgb '%s'\n", x / PICTURE_WIDTH, y / height,
            side, colour_code(COLOUR_INK));
}

void script_x_axis(FILE *to, int height, const struct axis *axis, const char *label) {
    fprintf(to, "set xrange [0:%.9g]\nset xtics 0,%.9g,%.9g\nset format x '%%g'\n", axis->end,
            axis->step, axis->end * 1.0001);
    fprintf(to, "set grid xtics lt 1 lw 1 lc rgb '%s'\n", colour_code(COLOUR_GRID));
    script_words(to, height, PICTURE_WIDTH / 2.0, 10, "center", label);
}

pp_status script_draw(struct script *script, struct picture *picture) {
    bool good = !ferror(script->to);
    char *written = NULL;
    pp_status status = PP_ERR_MEMORY;
    if (fclose(script->to) != 0)
        good = false;
    if (good)
        status = gnuplot_run(script->text, &written, picture->why, sizeof picture->why);
    if (status == PP_OK) {
        char prefix[80];
        snprintf(prefix, sizeof prefix, "%s-", picture->id);
        picture->svg = svg_for_page(written, prefix, picture->title);
        if (!picture->svg) {
            snprintf(picture->why, sizeof picture->why, "gnuplot drew no whole picture");
            status = PP_ERR_INTERNAL;
        }
    }
    free(written);
    free(script->text);
    return status;
}

void script_begin_boxes(FILE *to) {
    fputs("$boxes << END\n", to);
}

void script_box(FILE *to, double from, double end, double top, double bottom, enum colour colour) {
    if (end > from)
        fprintf(to, "%.9g %.4f %.9g %.9g %.4f %.4f 0x%s\n", (from + end) / 2, (top + bottom) / 2,
                from, end, top, bottom, colour_code(colour) + 1);
}

const char SCRIPT_PLOT_BOXES[] = "END\nplot $boxes using 1:2:3:4:5:6:7 with boxxyerror fs solid 1 "
                                 "noborder lc rgb variable";

void script_legend(FILE *to, int height, const char *const *words, const enum colour *codes,
                   size_t n, size_t columns) {
    double width = (double)(PICTURE_WIDTH - LEFT - RIGHT) / (double)columns;
    for (size_t i = 0; i < n; i++) {
        double x = LEFT + width * (double)(i % columns);
        double y = height - 12 - LEGEND_ROW * (double)(i / columns);
        fprintf(to,
                "set object rectangle from screen %.5f,%.5f to screen %.5f,%.5f front fc rgb '%s' "
                "fs solid 1 noborder\n",
                x / PICTURE_WIDTH, (y - 5) / height, (x + 11) / PICTURE_WIDTH, (y + 6) / height,
                colour_code(codes[i]));
        script_words(to, height, x + 17, y, "left", words[i]);
    }
}
