.globl add
