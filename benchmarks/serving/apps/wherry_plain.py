"""Wherry's function that needs no Flask."""


def plain():
    return "hello wherry\n"
