import pricing


def main(body: bytes):
    return str(pricing.total(len(body)))
