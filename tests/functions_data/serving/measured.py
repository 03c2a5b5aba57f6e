"""A function with metrics of its own, of every type that there is."""

import os

import flask
from prometheus_client import Counter, Gauge, Histogram, Info, Summary

ORDERS = Counter("orders", "Orders taken.", ["shop"])
STOCK = Gauge("stock", "What is left.")
QUEUE = Gauge("queue", "What waits.", multiprocess_mode="livesum")
PEAK = Gauge("peak", "The most.", multiprocess_mode="max")
SIZES = Histogram("order_size", "Items of an order.", buckets=(1, 10))
WEIGHT = Summary("order_weight", "Grams of an order.")
ABOUT = Info("shop", "Of the shop.")
CLASHES = Counter("http_requests", "Somebody else's name.")
ABOUT.info({"town": "Bergen"})
QUEUE.set(2)


def handle(request: flask.Request):
    ORDERS.labels(request.args.get("shop", "main")).inc()
    CLASHES.inc(1000)
    STOCK.set(7)
    PEAK.set(float(request.args.get("peak", "1")))
    SIZES.observe(5)
    WEIGHT.observe(200)
    if "exit" in request.args:
        os._exit(1)
    return str(os.getpid())
