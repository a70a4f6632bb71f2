#!/usr/bin/env python3
"""What the OpenCL kernels come to on an NVIDIA GPU that is not here: registers, spills and
instructions of each, and what the steps cost that all time goes into. Nothing runs.

Needs clang with libclc (Debian: clang-15, libclc-15) and NVIDIA's ptxas and nvdisasm; the driver's
own compiler may do a little better or worse.

    bench/kernels.py [--arch sm_90] [--kernels build/generated/kernels.cl] [--clang clang-15]
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile

LIBCLC = "/usr/lib/clc/nvptx64--nvidiacl.bc"

# What a step costs: the instructions that eight more of them take.
PROBES = [
    ("a square below 3·2^59, limbs32.h", "x = l32_square_add(x, 0, m);"),
    ("a product below 3·2^59, limbs32.h", "y = l32_mul_add(x, y, n - 3, m);"),
    ("a window of five bits of base 2, limbs32.h",
     "for (int i = 0; i < 5; i++) x = l32_square_add(x, 0, m); y >>= 5;"
     "x = l32_drop((uint)x << (y & 31), x >> (32 - (y & 31)), m);"),
    ("a bit of Lucas, limbs32.h",
     "{ int set = (int)d & 1; d >>= 1; ulong a = l32_mul_add(x, y, n - 3, m);"
     "ulong b = l32_square_add(set ? y : x, n - 2, m); x = set ? a : b; y = set ? b : a; }"),
    ("a product of any size, arith64.h", "x = a64_mul(x, x, any);"),
    ("a bit of base 2 of any size, candidates.cl",
     "x = a64_mul(x, x, any); { ulong gap = n - x, twice = x >= gap ? x - gap : x + x;"
     "x = d & 1 ? twice : x; d >>= 1; }"),
]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout + done.stderr


class Compiler:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder

    def compile(self, text):
        """What ptxas says, and the instructions of each kernel."""
        source, ptx, cubin = (f"{self.folder}/all.{end}" for end in ("cl", "ptx", "cubin"))
        with open(source, "w") as file:
            file.write(text)
        run([self.arguments.clang, "-x", "cl", "-cl-std=CL1.2", "-target", "nvptx64-nvidia-nvcl",
             "-Xclang", "-finclude-default-header", "-O3", "-DPP_CPU=0", "-DPP_FP64=1",
             "-Xclang", "-mlink-builtin-bitcode", "-Xclang", LIBCLC, "-Xclang", "-target-cpu",
             "-Xclang", "sm_75", "-S", source, "-o", ptx])
        with open(ptx) as file:
            code = file.read()
        code = re.sub(r"\.target sm_\d+", f".target {self.arguments.arch}", code)
        code = re.sub(r"\.version \S+", ".version 7.8", code)
        with open(ptx, "w") as file:
            file.write(code)
        said = run(["ptxas", "-arch", self.arguments.arch, "-v", "-O3", ptx, "-o", cubin])
        listing, kernel, lengths = run(["nvdisasm", "-c", cubin]), None, {}
        for line in listing.splitlines():
            if line.startswith(".text."):
                kernel = line[len(".text."):].rstrip(":")
                lengths[kernel] = 0
            elif kernel and re.search(r"\*/\s+.*;", line) and " NOP" not in line:
                lengths[kernel] += 1
        return said, lengths


def print_kernels(compiler, text):
    said, lengths = compiler.compile(text)
    print("| kernel | registers | spilled bytes | instructions |\n|---|---|---|---|")
    spilled, name = {}, None
    for line in said.splitlines():
        if found := re.search(r"Compiling entry function '(\w+)'", line):
            name = found[1]
            spilled[name] = 0
        elif found := re.search(r"(\d+) bytes spill stores", line):
            spilled[name] += int(found[1])
        elif found := re.search(r"Used (\d+) registers", line):
            print(f"| {name} | {found[1]} | {spilled[name]} | {lengths[name]} |")


def print_steps(compiler, text):
    print("\n| step | instructions |\n|---|---|")
    for what, step in PROBES:
        # So that nothing is known beforehand, and everything used.
        probe = ("__kernel void probe(__global ulong *p, ulong n, ulong d) {"
                 "ulong x = p[get_global_id(0)], y = p[get_global_id(0) + n];"
                 "l32_modulus m = l32_modulus_of(p[n]); a64_modulus any; any.n = n = p[n + 1];"
                 "any.inverse = p[n]; any.one = 0; %s"
                 "p[get_global_id(0)] = x + y; }")
        lengths = [compiler.compile(text + probe % (step * times))[1]["probe"] for times in (8, 16)]
        print(f"| {what} | {(lengths[1] - lengths[0]) / 8:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arch", default="sm_90")
    parser.add_argument("--kernels", default="build/generated/kernels.cl")
    parser.add_argument("--clang", default="clang-15")
    arguments = parser.parse_args()
    for tool in (arguments.clang, "ptxas", "nvdisasm"):
        if not shutil.which(tool):
            sys.exit(f"there is no {tool}")
    with open(arguments.kernels) as file:
        text = file.read()
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(arguments, folder)
        print_kernels(compiler, text)
        print_steps(compiler, text)


if __name__ == "__main__":
    main()
