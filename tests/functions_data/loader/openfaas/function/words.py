def greet(body):
    return b"hello " + body
