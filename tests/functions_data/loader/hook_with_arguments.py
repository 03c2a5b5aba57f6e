def start(config):
    return config


def handle(body):
    return body
