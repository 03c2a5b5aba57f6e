from . import words


def handle(body):
    return words.greet(body)
